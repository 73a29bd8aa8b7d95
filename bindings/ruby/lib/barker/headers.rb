# frozen_string_literal: true

module Barker
  module Native
    # Received headers as an array of barker_header.
    module ReceivedHeaders # :nodoc:
      class << self
        # Returns the array and its length. Pointers and texts are in one block of memory.
        def pack(headers)
          texts = texts_of(headers)
          raise HeaderError.new("a header holds a NUL", status: 301) if
            texts.any? { |text| text.include?("\0") }

          pointers = texts.size * FFI::Pointer.size
          block = FFI::MemoryPointer.new(pointers + texts.sum(texts.size + 1, &:bytesize))
          address = block.address + pointers
          addresses = texts.map do |text|
            start = address
            address += text.bytesize + 1
            start
          end
          block.put_bytes(0, "#{addresses.pack('J*')}#{texts.join("\0")}")
          [block, texts.size / 2]
        end

        private

        # Name, value, name, value, as bytes.
        def texts_of(headers)
          rack = headers.is_a?(Hash) && headers.key?("REQUEST_METHOD")
          raise TypeError, "headers must be a Hash, a Rack environment or pairs" unless
            headers.respond_to?(:each)

          texts = []
          headers.each do |name, value|
            next if rack && !name.start_with?("HTTP_")

            add(texts, name, value)
          end
          texts
        end

        def add(texts, name, value)
          case value
          when String then texts << name_of(name).b << value.b
          when Array then value.each { |each| add(texts, name, String.try_convert(each)) }
          when nil then nil
          else raise TypeError, "the header #{name} must be a String, not a #{value.class}"
          end
        end

        def name_of(name)
          return name.to_s if name.is_a?(String) || name.is_a?(Symbol)

          raise TypeError, "a header's name must be a String, not a #{name.class}"
        end
      end
    end
  end
end
