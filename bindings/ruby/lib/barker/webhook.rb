# frozen_string_literal: true

module Barker
  # A webhook: what to send, to which URL and with which secrets; or what to verify with.
  #
  #   hook = Barker::Webhook.new(url: "https://receiver.example/hook", key: "secret")
  #   hook.send('{"event": "dog.barked"}').status #=> 204
  #
  # Any number of threads may use one Webhook at once. Each send uses the settings that the webhook
  # has when the send begins. All of them share the idle connections.
  class Webhook
    # Takes the options of Settings, and #interruptible.
    def initialize(**options)
      @interruptible = false
      @handle = Native::Handle.create
      @changing = Mutex.new
      configure(**options)
    end

    # A copy shares the idle connections, and the messages remembered for +replay_limit+.
    def initialize_copy(original)
      super
      @changing = Mutex.new
    end

    # Changes several settings at once, or none if one of them cannot be used.
    def configure(interruptible: @interruptible, **options)
      raise ArgumentError, "key is short for secrets: give one of the two" if
        options.key?(:key) && options.key?(:secrets)

      unknown = options.keys - Settings::OPTIONS
      raise ArgumentError, "there is no option #{unknown.first.inspect}" unless unknown.empty?

      change { |settings| options.each { |name, value| settings.public_send("#{name}=", value) } }
      @interruptible = interruptible
      self
    end

    Settings::OPTIONS.each do |name|
      setter = "#{name}="
      define_method(setter) { |value| change { |settings| settings.public_send(setter, value) } }
    end

    # Whether Timeout, Thread#raise, Thread#kill and Ctrl-C end a send at once, which needs a thread
    # for each send. Otherwise they wait until the send ends, at its #timeout at the latest.
    attr_accessor :interruptible

    # Calls the block with a level and a line for each event of a delivery.
    def log(level: :debug, &block)
      raise ArgumentError, "log needs a block" unless block

      self.log = { level: level, to: block }
    end

    # The URL as it was set, or nil.
    def url
      url = Native.webhook_url(@handle)
      url && Native.utf8(url)
    end

    # The data as it was set: bytes.
    def data
      len = FFI::MemoryPointer.new(:size_t)
      Native.webhook_data(@handle, len).read_bytes(len.get(:size_t, 0))
    end

    # Seconds that a whole send may take.
    def timeout
      Native.webhook_timeout(@handle) / 1000.0
    end

    # Seconds that a received timestamp may be from the current time.
    def tolerance
      Native.webhook_tolerance(@handle)
    end

    # Signs the data (by default the data that was set), sends it in a POST request and returns the
    # Response, with any HTTP status. Raises a DeliveryError if there is no Response. +id+ is the
    # message id of this send; pass the id of an Error to send the same message again.
    #
    # This replaces Object#send. To call a method by its name, use +public_send+ or +__send__+.
    def send(data = nil, id: nil)
      data = Native.own_bytes("data", data) unless data.nil?
      handle = @handle.copy
      handle.check(Native.webhook_set_id(handle, Native.text("id", id))) if id
      work = -> { transmit(handle, data) }
      @interruptible ? Native::Handle.interruptibly([handle], work) : work.call
      outcome = Native::Outcome.of(handle)
      handle.free
      raise outcome if outcome.is_a?(Error)

      outcome
    end
    alias deliver send

    # Closes the idle connections.
    def close_idle
      change { |_, handle| handle.check(Native.webhook_close_idle(handle)) }
    end

    # The headers that sign the data, as a Hash, for programs that have their own HTTP client.
    # +timestamp+ is a Time, a number of seconds or its text; nil means the current time.
    def sign_headers(data, timestamp: nil)
      text, = signed(:webhook_sign_headers, 1, data, timestamp)
      text.split("\r\n").to_h { |line| line.split(": ", 2) }
    end

    # Only the timestamp and the signature, of the first scheme.
    def sign(data, timestamp: nil)
      signed(:webhook_sign, 2, data, timestamp)
    end

    # Returns true if the headers hold a signature of this body, and a timestamp within the
    # tolerance. Otherwise raises a VerificationError. Pass all headers as they came, as a Hash, a
    # Rack environment or pairs, and the body as a String, before anything has parsed it.
    def verify(headers, body)
      Native.check(Native.webhook_verify(@handle, *Native::ReceivedHeaders.pack(headers),
                                         Native.bytes("body", body), body.bytesize))
      true
    end

    # Makes a webhook that has a +replay_limit+ accept a message once more.
    def forget(headers, body)
      Native.check(Native.webhook_forget(@handle, *Native::ReceivedHeaders.pack(headers),
                                         Native.bytes("body", body), body.bytesize))
      nil
    end

    def inspect
      "#<#{self.class}>"
    end

    def copy_of_handle # :nodoc:
      @handle.copy
    end

    private

    # A handle that another thread may be copying is never changed: a changed copy replaces it.
    def change
      @changing.synchronize do
        handle = @handle.copy
        yield Settings.new(handle), handle
        @handle = handle
      end
      nil
    end

    # The handle then has the outcome.
    def transmit(handle, data)
      status = FFI::MemoryPointer.new(:uint16)
      Native::Handle.busy([handle]) do
        if data
          Native.webhook_send_data(handle, data, data.bytesize, status, nil)
        else
          Native.webhook_send(handle, status, nil)
        end
      end
    end

    def signed(function, count, data, timestamp)
      timestamp = Time.at(timestamp) if timestamp.is_a?(Numeric)
      timestamp = timestamp.strftime("%s.%6N") if timestamp.is_a?(Time)
      timestamp = Native.text_or_nil("timestamp", timestamp)
      Native.bytes("data", data)
      Native.filled(count) do |*buffers|
        Native.public_send(function, @handle, timestamp, data, data.bytesize, *buffers)
      end
    end
  end
end
