# frozen_string_literal: true

module Barker
  # A retry policy: when a message is sent again, and when it is given up. A new one is the policy that
  # Standard Webhooks suggests. barker_retry in barker.h says what that is, and after which outcomes
  # the receiver may have the message.
  #
  #   verdict, seconds = Barker::Retry.new.judge(outcome, tries)
  #
  # Nothing changes a policy. Any number of threads may use it at once.
  class Retry
    # delays::         seconds to wait after each try that failed, at most 100 of them; if the try
    #                  after the last one fails as well, the message is dead
    # jitter::         how far waits are varied at random: 0 to 100 percent, 20 by default
    # retry_after::    how many seconds longer a Retry-After header may make a wait: 7200 by default;
    #                  0 ignores the header
    # overload_delay:: the shortest wait, in seconds, after 429, 502, 503, 504 and a TimeoutError: 60
    #                  by default
    # final_statuses:: HTTP statuses after which a message is not sent again, such as 400 and 413:
    #                  none by default; 410 is always :gone
    def initialize(delays: nil, jitter: nil, retry_after: nil, overload_delay: nil,
                   final_statuses: nil)
      @policy = Native::Policy.create
      set_delays(delays) unless delays.nil?
      set(:retry_set_jitter, Native.uint32("jitter", jitter)) unless jitter.nil?
      set(:retry_set_retry_after, Native.uint32("retry_after", retry_after)) unless retry_after.nil?
      set_overload_delay(overload_delay) unless overload_delay.nil?
      set_final_statuses(final_statuses) unless final_statuses.nil?
    end

    # What to do with a message after a try whose outcome was this: a Response, or the Error that was
    # raised. +tries+ is how often the message was sent so far, this time included.
    #
    # Returns :delivered, :retry, :dead or :gone, and how many seconds to wait before the message is
    # sent again; 0 unless it is :retry.
    def judge(outcome, tries)
      status, response = parts(outcome)
      http_status = response ? response.status : 0
      retry_after = response && response.headers["Retry-After"]
      milliseconds = FFI::MemoryPointer.new(:uint32)
      verdict = Native.retry_judge_outcome(@policy, status, http_status, retry_after,
                                           Native.uint32("tries", tries), milliseconds)
      [Native::ENUMERATIONS["barker_verdict"].key(verdict), milliseconds.get_uint32(0) / 1000.0]
    end

    def inspect
      "#<#{self.class}>"
    end

    private

    def parts(outcome)
      case outcome
      when Response then [0, outcome]
      when Error
        raise TypeError, "the outcome must be an Error that a send raised" if outcome.status.nil?

        [outcome.status, outcome.response]
      else raise TypeError, "the outcome must be a Response or an Error, not a #{outcome.class}"
      end
    end

    def set(function, *arguments)
      Native.check(Native.public_send(function, @policy, *arguments))
    end

    def set_delays(delays)
      numbers = delays.map { |seconds| Native.milliseconds("a delay", seconds) }
      set(:retry_set_delays, array(:uint32, numbers), numbers.size)
    end

    def set_overload_delay(seconds)
      set(:retry_set_overload_delay, Native.milliseconds("overload_delay", seconds))
    end

    # What does not fit into 16 bits is no HTTP status either.
    def set_final_statuses(statuses)
      numbers = statuses.map { |status| [Native.uint32("a final status", status), 0xffff].min }
      set(:retry_set_final_statuses, array(:uint16, numbers), numbers.size)
    end

    def array(type, numbers)
      FFI::MemoryPointer.new(type, numbers.size).public_send(:"put_array_of_#{type}", 0, numbers)
    end
  end

  module Native
    # A barker_retry.
    class Policy < FFI::AutoPointer # :nodoc:
      def self.create
        pointer = Native.retry_new
        raise NoMemoryError, "barker could not make a retry policy" if pointer.null?

        new(pointer)
      end

      def self.release(pointer)
        Native.retry_free(pointer)
      end
    end
  end
end
