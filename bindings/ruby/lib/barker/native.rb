# frozen_string_literal: true

require "ffi"
require_relative "declarations"

module Barker
  # The functions of barker.h without their prefix, and how Ruby's values are passed to them.
  module Native # :nodoc:
    extend FFI::Library

    begin
      path = ENV.fetch("BARKER_LIBRARY", "")
      ffi_lib path.empty? ? "libbarker.so.0" : path
    rescue LoadError => e
      raise LoadError, "#{e.message.strip}: install libbarker, or give its path in BARKER_LIBRARY"
    end

    # barker_buffer
    class Buffer < FFI::Struct
      layout :data, :pointer, :len, :size_t, :capacity, :size_t, :reserved, :size_t

      # Returns the bytes and releases the buffer. It may have held a secret, so it is wiped.
      def take
        bytes = self[:len].zero? ? +"" : self[:data].read_bytes(self[:len])
        self[:data].put_bytes(0, "\0" * self[:len]) unless self[:len].zero?
        Native.buffer_free(self)
        bytes
      end
    end

    # What a type of C is here. Strings are handed over where they lie: no copy of a secret is left
    # behind.
    TYPES = {
      "void" => :void, "int32_t" => :int32, "uint16_t" => :uint16, "uint32_t" => :uint32,
      "size_t" => :size_t, "const char *" => :string, "const void *" => :buffer_in,
      "barker_log" => :pointer, "barker_progress" => :pointer,
      **ENUMERATIONS.transform_values { :int32 }
    }.freeze

    # What waits for the network: other Ruby threads run meanwhile.
    BLOCKING = %i[webhook_send webhook_send_data send_many].freeze

    FUNCTIONS.each do |name, types|
      result, *arguments = types.map do |type|
        TYPES.fetch(type) { :pointer if type.end_with?("*") }
      end
      attach_function name, "barker_#{name}", arguments, result, blocking: BLOCKING.include?(name)
    end

    class << self
      # Text that C can read: UTF-8 without NUL.
      def text(what, value)
        raise TypeError, "#{what} must be a String, not #{kind(value)}" unless value.is_a?(String)

        value = value.encode(Encoding::UTF_8) unless value.encoding == Encoding::BINARY
        raise ArgumentError, "#{what} holds a NUL" if value.b.include?("\0")

        value
      end

      def text_or_nil(what, value)
        value.nil? ? nil : text(what, value)
      end

      def bytes(what, value)
        raise TypeError, "#{what} must be a String, not #{kind(value)}" unless value.is_a?(String)

        value
      end

      # Bytes that no other thread can change during a blocking call: a dup shares them until then.
      def own_bytes(what, value)
        bytes(what, value).frozen? ? value : value.dup
      end

      def uint32(what, value)
        raise TypeError, "#{what} must be an Integer, not #{kind(value)}" unless
          value.is_a?(Integer)
        return value if value.between?(0, 0xffff_ffff)

        raise out_of_range("#{what} must be 0 to 4294967295, not #{value}")
      end

      def milliseconds(what, seconds)
        raise TypeError, "#{what} must be a number of seconds, not #{kind(seconds)}" unless
          seconds.is_a?(Numeric) && seconds.real?

        uint32("the milliseconds of #{what}", (seconds * 1000).ceil)
      rescue FloatDomainError
        raise out_of_range("#{what} must be finite, not #{seconds}")
      end

      def flag(value)
        value ? 1 : 0
      end

      # The number that a name has in an enumeration of C.
      def number_of(enumeration, what, name)
        names = ENUMERATIONS.fetch(enumeration)
        names.fetch(name) do
          raise ArgumentError, "#{what} must be one of #{names.keys.map(&:inspect).join(', ')}, " \
                               "not #{name.inspect}"
        end
      end

      # A value as an argument of this type.
      def argument(type, what, value)
        case type
        when "uint32_t" then uint32(what, value)
        when "int32_t" then flag(value)
        when "const char *" then text_or_nil(what, value)
        else number_of(type, what, value)
        end
      end

      # What came from C, in UTF-8 unless it is something else.
      def utf8(text)
        text.force_encoding(Encoding::UTF_8)
        text.valid_encoding? ? text : text.b
      end

      # Raises the error of a status that has no handle.
      def check(status)
        raise Error.of(status, status_string(status)) unless status.zero?
      end

      # Calls the block with +count+ empty buffers, and returns the contents that it filled in.
      def filled(count)
        buffers = Array.new(count) { Buffer.new }
        check(yield(*buffers))
        buffers.map { |buffer| utf8(buffer.take) }
      end

      private

      def out_of_range(sentence)
        Error.of(ENUMERATIONS["barker_status"][:range], sentence)
      end

      def kind(value)
        value.nil? ? "nil" : "a #{value.class}"
      end
    end
  end
end
