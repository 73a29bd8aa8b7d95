# frozen_string_literal: true

require "uri"

module Barker
  # The options of a Webhook: each is a keyword of Webhook.new and Webhook#configure, and a setter.
  # barker.h describes them: see barker_webhook_set_… there.
  class Settings
    def initialize(handle) # :nodoc:
      @handle = handle
    end

    # :section: What to send

    # A String or URI.
    def url=(url)
      call :webhook_set_url, Native.text("url", url.is_a?(URI::Generic) ? url.to_s : url)
    end

    # The data that Webhook#send sends by default: any bytes.
    def data=(data)
      call :webhook_set_data, *sized("data", data)
    end

    # The Content-Type; nil sends none.
    def content_type=(content_type)
      set :content_type, content_type
    end

    # Headers to add, which replace those that were set before: a Hash or pairs. A value may be an
    # Array of several values.
    def headers=(headers)
      raise TypeError, "headers must be a Hash or pairs" unless headers.respond_to?(:each)

      call :webhook_clear_headers
      headers.each do |name, values|
        name = Native.text("a header's name", name.is_a?(Symbol) ? name.name : name)
        several(values).each do |value|
          call :webhook_add_header, name, Native.text("the header #{name}", value)
        end
      end
    end

    # :section: How messages are signed

    # Short for <tt>secrets: { barker: key }</tt>: the scheme of the Python package.
    def key=(key)
      self.secrets = { barker: key }
    end

    # A Hash of scheme => secret, or of scheme => [secrets], the newest first. The schemes are the
    # keys of Barker::SCHEMES. It replaces all secrets that were set before.
    def secrets=(secrets)
      raise TypeError, "secrets must be a Hash of scheme => secret" unless secrets.is_a?(Hash)

      pairs = secrets.flat_map { |scheme, texts| several(texts).map { |text| [scheme, text] } }
      raise ArgumentError, "secrets must hold a secret" if pairs.empty? || secrets.value?([])

      pairs.each_with_index do |(scheme, secret), index|
        call index.zero? ? :webhook_set_secret : :webhook_add_secret,
             Native.number_of("barker_scheme", "the scheme", scheme), *sized("a secret", secret)
      end
    end

    # :underscore, :dash or :both.
    def spelling=(spelling)
      set :spelling, spelling
    end

    # The message id of all sends; nil makes a new one for each. See also Webhook#send.
    def id=(id)
      set :id, id
    end

    # :section: How messages are delivered

    # Seconds that a whole send may take; may have a fraction.
    def timeout=(seconds)
      call :webhook_set_timeout, Native.milliseconds("timeout", seconds)
    end

    # <tt>{ connections: 32, seconds: 60 }</tt>: how many idle connections are kept, and how long.
    def idle_limits=(limits)
      set_idle_limits(**limits)
    end

    # Seconds after which a connection is not used again; 0 for any age.
    def max_connection_age=(seconds)
      set :max_connection_age, seconds
    end

    # Seconds for which the addresses of a host are used before the system is asked again.
    def lookup_lifetime=(seconds)
      set :lookup_lifetime, seconds
    end

    # How many bytes the body of an answer may have.
    def max_body=(bytes)
      set :max_body, bytes
    end

    # How many redirects are followed, or <tt>{ max: 3, to_other_origins: true }</tt>.
    def redirects=(redirects)
      set_redirects(**(redirects.is_a?(Hash) ? redirects : { max: redirects }))
    end

    # The URL of a proxy, :environment for those that the environment names now, or nil.
    def proxy=(url)
      return call(:webhook_set_proxy_from_environment) if url == :environment

      call :webhook_set_proxy, Native.text_or_nil("proxy", url.is_a?(URI::Generic) ? url.to_s : url)
    end

    # An object whose +call+ gets a level (:error, :info or :debug) and a line, on the thread that
    # sends; <tt>{ level: :info, to: callable }</tt> to leave out less important lines; nil logs
    # nothing.
    def log=(log)
      set_log(**(log.is_a?(Hash) ? log : { to: log }))
    end

    # :section: Where messages may be sent

    # :any, :public (choose this if strangers choose the URLs) or :listed.
    def address_policy=(addresses)
      set :address_policy, addresses
    end

    # A network or several, in addition to those allowed before.
    def allow_networks=(networks)
      several(networks).each do |network|
        call :webhook_allow_network, Native.text("a network", network)
      end
    end

    # A network or several, in addition to those denied before.
    def deny_networks=(networks)
      several(networks).each do |network|
        call :webhook_deny_network, Native.text("a network", network)
      end
    end

    # A port or several, in addition to those allowed before.
    def allow_ports=(ports)
      several(ports).each { |port| call :webhook_allow_port, Native.uint32("a port", port) }
    end

    # Whether only https URLs are allowed.
    def https_only=(only)
      set :https_only, only
    end

    # :section: TLS

    # Authorities in PEM, in addition to those trusted before: a String or several.
    def ca=(pems)
      several(pems).each { |pem| call :webhook_add_ca, *sized("ca", pem) }
    end

    # A file of such authorities, or several.
    def ca_file=(paths)
      several(paths).each { |path| call :webhook_add_ca_file, Native.text("ca_file", path.to_s) }
    end

    # Revocation lists in PEM, in addition to those set before: a String or several.
    def crl=(pems)
      several(pems).each { |pem| call :webhook_add_crl, *sized("crl", pem) }
    end

    # Whether the platform's authorities are trusted.
    def platform_ca=(trusted)
      set :platform_ca, trusted
    end

    # <tt>{ certificate: pem, key: pem }</tt> for mutual TLS, or nil.
    def client_certificate=(pair)
      set_client_certificate(**(pair || { certificate: nil, key: nil }))
    end

    # The name that the receiver's certificate must have; nil means the URL's host.
    def server_name=(name)
      set :server_name, name
    end

    # :TLS1_2 or :TLS1_3.
    def min_tls=(version)
      set :min_tls, version
    end

    # INSECURE: accepts any certificate. Use it only in tests.
    def insecure_skip_verify=(skip)
      set :insecure_skip_verify, skip
    end

    # :section: Verifying

    # Seconds that a received timestamp may be from the current time; 0 turns the check off.
    def tolerance=(seconds)
      set :tolerance, seconds
    end

    # How many messages are remembered, so that they are accepted only once; 0 for none.
    def replay_limit=(messages)
      set :replay_limit, messages
    end

    OPTIONS = public_instance_methods(false).grep(/=\z/).map { |name| name[..-2].to_sym }.freeze

    private

    # For a setter of one value, whose type in C says what it may be.
    def set(name, value)
      function = :"webhook_set_#{name}"
      call function, Native.argument(Native::FUNCTIONS[function].last, name.name, value)
    end

    def call(function, *arguments)
      @handle.check(Native.public_send(function, @handle, *arguments))
    end

    def sized(what, bytes)
      [Native.bytes(what, bytes), bytes.bytesize]
    end

    def several(value)
      value.is_a?(Array) ? value : [value]
    end

    def set_idle_limits(connections: 32, seconds: 60)
      call :webhook_set_idle_limits, Native.uint32("connections", connections),
           Native.uint32("seconds", seconds)
    end

    def set_redirects(max:, to_other_origins: false)
      call :webhook_set_redirects, Native.uint32("redirects", max), Native.flag(to_other_origins)
    end

    def set_client_certificate(certificate:, key:)
      texts = [certificate, key]
      texts.each { |pem| Native.bytes("certificate and key", pem) } unless texts == [nil, nil]
      call :webhook_set_client_certificate, *texts.flat_map { |pem| [pem, pem.to_s.bytesize] }
    end

    def set_log(to:, level: :debug)
      raise TypeError, "log must be something to call, or nil" unless
        to.nil? || to.respond_to?(:call)

      function = to && Native.log_function(to)
      call :webhook_set_log, Native.number_of("barker_log_level", "the level", level), function, nil
      @handle.log = function
    end
  end

  module Native
    class << self
      # A C function that passes a line on.
      def log_function(receiver)
        FFI::Function.new(:void, %i[pointer int32 string]) do |_, level, line|
          tell(receiver, ENUMERATIONS["barker_log_level"].key(level), utf8(line))
        end
      end

      private

      # Nothing may unwind the library's stack: neither an exception, nor throw or Thread.exit.
      # Signals are handled when the send has ended.
      def tell(receiver, level, line)
        receiver.call(level, line)
      rescue SignalException => e
        Thread.current.raise(e)
      rescue Exception => e
        warn "barker: the log raised #{e.class}: #{e.message}"
      ensure
        return
      end
    end
  end
end
