# frozen_string_literal: true

require "ffi"

module Barker
  # The functions of barker.h without their prefix, with their parameters and results.
  module Native # :nodoc:
    extend FFI::Library

    begin
      path = ENV.fetch("BARKER_LIBRARY", "")
      ffi_lib path.empty? ? "libbarker.so.0" : path
    rescue LoadError => e
      raise LoadError, "#{e.message.strip}: install libbarker, or give its path in BARKER_LIBRARY"
    end

    SCHEMES = {
      barker: 0, barker_sha256: 1, barker_sha512: 2, standard: 10, svix: 11,
      github: 20, stripe: 21, slack: 22, shopify: 23
    }.freeze
    SPELLINGS = { underscore: 0, dash: 1, both: 2 }.freeze
    ADDRESSES = { any: 0, public: 1, listed: 2 }.freeze
    TLS = { TLS1_2: 12, TLS1_3: 13 }.freeze
    LOG = { off: 0, error: 1, info: 2, debug: 3 }.freeze

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

    # Strings are passed without a copy, so that no copy of a secret is left behind. `blocking` is
    # for functions that wait for the network, so that other Ruby threads run in the meantime.
    FUNCTIONS = {
      version: [[], :string],
      status_string: [[:int32], :string],
      buffer_free: [[:pointer], :void],
      generate_secret: [[:pointer], :int32],
      generate_key_pair: [%i[pointer pointer], :int32],
      generate_id: [[:pointer], :int32],
      verify: [%i[int32 buffer_in size_t uint32 pointer size_t buffer_in size_t], :int32],
      send_many: [%i[pointer size_t uint32 pointer pointer], :int32, { blocking: true }],
      webhook_new: [[], :pointer],
      webhook_clone: [[:pointer], :pointer],
      webhook_free: [[:pointer], :void],
      webhook_status: [[:pointer], :int32],
      webhook_error: [[:pointer], :string],
      webhook_set_url: [%i[pointer string], :int32],
      webhook_set_data: [%i[pointer buffer_in size_t], :int32],
      webhook_set_secret: [%i[pointer int32 buffer_in size_t], :int32],
      webhook_add_secret: [%i[pointer int32 buffer_in size_t], :int32],
      webhook_set_spelling: [%i[pointer int32], :int32],
      webhook_set_id: [%i[pointer string], :int32],
      webhook_set_replay_limit: [%i[pointer uint32], :int32],
      webhook_set_tolerance: [%i[pointer uint32], :int32],
      webhook_set_content_type: [%i[pointer string], :int32],
      webhook_add_header: [%i[pointer string string], :int32],
      webhook_clear_headers: [[:pointer], :int32],
      webhook_url: [[:pointer], :string],
      webhook_data: [%i[pointer pointer], :pointer],
      webhook_timeout: [[:pointer], :uint32],
      webhook_tolerance: [[:pointer], :uint32],
      webhook_set_timeout: [%i[pointer uint32], :int32],
      webhook_set_idle_limits: [%i[pointer uint32 uint32], :int32],
      webhook_set_max_connection_age: [%i[pointer uint32], :int32],
      webhook_close_idle: [[:pointer], :int32],
      webhook_set_lookup_lifetime: [%i[pointer uint32], :int32],
      webhook_set_max_body: [%i[pointer uint32], :int32],
      webhook_set_redirects: [%i[pointer uint32 int32], :int32],
      webhook_set_proxy: [%i[pointer string], :int32],
      webhook_set_proxy_from_environment: [[:pointer], :int32],
      webhook_set_log: [%i[pointer int32 pointer pointer], :int32],
      webhook_set_address_policy: [%i[pointer int32], :int32],
      webhook_allow_network: [%i[pointer string], :int32],
      webhook_deny_network: [%i[pointer string], :int32],
      webhook_allow_port: [%i[pointer uint32], :int32],
      webhook_set_https_only: [%i[pointer int32], :int32],
      webhook_add_ca: [%i[pointer buffer_in size_t], :int32],
      webhook_add_ca_file: [%i[pointer string], :int32],
      webhook_set_platform_ca: [%i[pointer int32], :int32],
      webhook_add_crl: [%i[pointer buffer_in size_t], :int32],
      webhook_set_client_certificate: [%i[pointer buffer_in size_t buffer_in size_t], :int32],
      webhook_set_server_name: [%i[pointer string], :int32],
      webhook_set_min_tls: [%i[pointer int32], :int32],
      webhook_set_insecure_skip_verify: [%i[pointer int32], :int32],
      webhook_set_stopped: [%i[pointer int32], :int32],
      webhook_send: [%i[pointer pointer pointer], :int32, { blocking: true }],
      webhook_send_data: [
        %i[pointer buffer_in size_t pointer pointer], :int32, { blocking: true }
      ],
      webhook_id: [[:pointer], :string],
      webhook_timestamp: [[:pointer], :string],
      webhook_signature: [[:pointer], :string],
      webhook_response_status: [[:pointer], :uint16],
      webhook_response_body: [%i[pointer pointer], :pointer],
      webhook_response_headers: [%i[pointer pointer], :pointer],
      webhook_sign_headers: [%i[pointer string buffer_in size_t pointer], :int32],
      webhook_sign: [%i[pointer string buffer_in size_t pointer pointer], :int32],
      webhook_verify: [%i[pointer pointer size_t buffer_in size_t], :int32],
      webhook_forget: [%i[pointer pointer size_t buffer_in size_t], :int32]
    }.freeze
    FUNCTIONS.each do |name, (arguments, result, options)|
      attach_function name, "barker_#{name}", arguments, result, **options.to_h
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

        raise InvalidError.new("#{what} must be 0 to 4294967295, not #{value}", status: 104)
      end

      def milliseconds(what, seconds)
        raise TypeError, "#{what} must be a number of seconds, not #{kind(seconds)}" unless
          seconds.is_a?(Numeric) && seconds.real?

        uint32("the milliseconds of #{what}", (seconds * 1000).ceil)
      rescue FloatDomainError
        raise InvalidError.new("#{what} must be finite, not #{seconds}", status: 104)
      end

      def flag(value)
        value ? 1 : 0
      end

      def number_of(names, what, name)
        names.fetch(name) do
          raise ArgumentError, "#{what} must be one of #{names.keys.map(&:inspect).join(', ')}, " \
                               "not #{name.inspect}"
        end
      end

      # Text from C, as UTF-8 if it is valid UTF-8.
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

      def kind(value)
        value.nil? ? "nil" : "a #{value.class}"
      end
    end
  end
end
