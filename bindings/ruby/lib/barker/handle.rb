# frozen_string_literal: true

module Barker
  module Native
    # A barker_webhook. It is configured once. Each send uses a copy of it, in one thread.
    class Handle < FFI::AutoPointer # :nodoc:
      # Functions that the handle may call must live as long as the handle.
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

      # Frees the handle now. If the thread dies while it does so, by Thread#kill or in the child of
      # a fork, the finalizer must not free it again.
      def free
        self.autorelease = false
        super
      end

      # Raises the error of the last call on this handle, if it failed.
      def check(status)
        raise Error.of(status, Native.utf8(Native.webhook_error(self))) unless status.zero?
      end

      # Sends with the handles in the block. A process that is forked in the meantime finds them
      # half-changed, and must not free them. Thread#kill and similar calls wait: in a callback they
      # would unwind the library's stack.
      def self.busy(handles, &send)
        handles.each { |handle| handle.autorelease = false }
        Thread.handle_interrupt(Object => :never, &send)
      ensure
        handles.each { |handle| handle.autorelease = true }
      end

      # Runs `work`, which sends with the handles, in a separate thread, and the block at the same
      # time. If the caller is interrupted, the sends are stopped. The thread keeps everything that
      # it still uses from being freed.
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
