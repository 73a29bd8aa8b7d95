# frozen_string_literal: true

module Barker
  module Native
    # A barker_webhook. It is configured once; what sends is a copy of it, used by one thread.
    class Handle < FFI::AutoPointer # :nodoc:
      # Whoever may be called through the handle must live as long.
      attr_accessor :log

      def self.create
        new(Native.webhook_new)
      end

      def self.release(pointer)
        Native.webhook_free(pointer)
      end

      def initialize(pointer)
        raise NoMemoryError, "barker could not make a handle" if pointer.null?

        super
      end

      def copy
        copy = Handle.new(Native.webhook_clone(self))
        copy.log = log
        copy
      end

      # Frees it now. If the thread dies in the midst of that, by Thread#kill or in the child of a
      # fork, the finalizer must not free it again.
      def free
        self.autorelease = false
        super
      end

      # Raises what the status of the last call on this handle tells.
      def check(status)
        raise Error.of(status, Native.utf8(Native.webhook_error(self))) unless status.zero?
      end

      # Sends with the handles in the block. A process that is forked meanwhile finds them half
      # changed, and must not free them. Thread#kill and the like wait: in a callback they would
      # unwind the library's stack.
      def self.busy(handles, &send)
        handles.each { |handle| handle.autorelease = false }
        Thread.handle_interrupt(Object => :never, &send)
      ensure
        handles.each { |handle| handle.autorelease = true }
      end

      # Runs `work`, which sends with the handles, in a thread of its own, and the block meanwhile.
      # If the caller is interrupted, the sends are stopped. Whatever the thread still uses then, it
      # keeps from being freed.
      def self.interruptibly(handles, work)
        worker = Thread.new(&work)
        worker.report_on_exception = false
        yield if block_given?
        worker.value
      ensure
        handles.each { |handle| Native.webhook_set_stopped(handle, 1) } if worker&.alive?
      end
    end
  end
end
