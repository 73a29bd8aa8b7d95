# frozen_string_literal: true

module Barker
  # The receiver's answer, and what was signed.
  class Response
    # The HTTP status, such as 204.
    attr_reader :status

    # The Headers of the answer.
    attr_reader :headers

    # The body of the answer: bytes (ASCII-8BIT), as they came.
    attr_reader :body

    # The id of the message (empty under a scheme without ids), its timestamp, and the signature of
    # its first scheme.
    attr_reader :id, :timestamp, :signature

    def initialize(status:, headers:, body:, id:, timestamp:, signature:)
      @status = status
      @headers = headers
      @body = body
      @id = id
      @timestamp = timestamp
      @signature = signature
    end

    # Whether the status is one of 200 to 299.
    def success?
      status.between?(200, 299)
    end

    def inspect
      "#<#{self.class} #{status}, #{body.bytesize} bytes>"
    end

    # The headers of an answer, in the order in which they came. Names may be in upper or lower case.
    class Headers
      include Enumerable

      def initialize(pairs)
        @pairs = pairs.freeze
      end

      # The first value of this name, or nil.
      def [](name)
        @pairs.find { |candidate, _| candidate.casecmp?(name) }&.last
      end

      # All values of this name.
      def all(name)
        @pairs.filter_map { |candidate, value| value if candidate.casecmp?(name) }
      end

      # Calls the block with each name, as it came, and value.
      def each(&block)
        return enum_for(:each) unless block

        @pairs.each(&block)
        self
      end

      def size
        @pairs.size
      end

      def inspect
        "#<#{self.class} #{@pairs.inspect}>"
      end
    end
  end

  module Native
    # Reads the outcome of a send: a Response, or the Error to raise.
    module Outcome # :nodoc:
      class << self
        def of(handle)
          status = Native.webhook_status(handle)
          status.zero? ? answer(handle) : error(handle, status)
        end

        private

        def error(handle, status)
          id = Native.webhook_id(handle)
          id = nil if id&.empty?
          has_answer = Native.webhook_response_status(handle).positive?
          Error.of(status, Native.utf8(Native.webhook_error(handle)), id: id && Native.utf8(id),
                   response: has_answer ? answer(handle) : nil)
        end

        def answer(handle)
          place = FFI::MemoryPointer.new(:pointer, 2)
          Response.new(
            status: Native.webhook_response_status(handle),
            headers: Response::Headers.new(headers(handle, place)),
            body: body(handle, place),
            id: Native.utf8(Native.webhook_id(handle)),
            timestamp: Native.utf8(Native.webhook_timestamp(handle)),
            signature: Native.utf8(Native.webhook_signature(handle))
          )
        end

        def body(handle, place)
          bytes = Native.webhook_response_body(handle, place)
          bytes.read_bytes(place.get(:size_t, 0))
        end

        def headers(handle, place)
          texts = Native.webhook_response_headers(handle, place)
          texts = texts.read_array_of_pointer(2 * place.get(:size_t, 0))
          texts.map { |text| Native.utf8(text.read_string).freeze }.each_slice(2).map(&:freeze)
        end
      end
    end
  end
end
