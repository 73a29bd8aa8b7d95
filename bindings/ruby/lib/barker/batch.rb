# frozen_string_literal: true

module Barker
  # Many sends at once.
  class Batch # :nodoc:
    def initialize(webhooks)
      @webhooks = webhooks.to_a.dup
      @handles = @webhooks.map do |webhook|
        raise TypeError, "there is a #{webhook.class} among the webhooks" unless
          webhook.is_a?(Webhook)

        webhook.copy_of_handle
      end
      @outcomes = Array.new(@webhooks.size)
      @ended = Queue.new
    end

    # Returns the outcomes, in the order of the webhooks, and calls the block with each as it comes.
    def run(max_in_flight, &block)
      status = Native::Handle.interruptibly(@handles, -> { send_all(max_in_flight) }) do
        tell(&block) if block
      end
      Native.check(status)
      @handles.each(&:free)
      @outcomes
    end

    private

    def tell
      while (index = @ended.pop)
        yield @webhooks[index], @outcomes[index]
      end
    end

    def send_all(max_in_flight)
      progress = FFI::Function.new(:int32, %i[pointer size_t int32]) do |_, index, _|
        @outcomes[index] = Native::Outcome.of(@handles[index])
        @ended << index
        0
      end
      array = FFI::MemoryPointer.new(:pointer, @handles.size)
      array.write_array_of_pointer(@handles)
      Native::Handle.busy(@handles) do
        Native.send_many(array, @handles.size, max_in_flight, progress, nil)
      end
    ensure
      @ended.close
    end
  end
end
