# frozen_string_literal: true

require_relative "barker/version"
require_relative "barker/errors"
require_relative "barker/native"
require_relative "barker/handle"
require_relative "barker/response"
require_relative "barker/headers"
require_relative "barker/settings"
require_relative "barker/webhook"
require_relative "barker/batch"
require_relative "barker/retry"

# Sends signed webhooks and verifies received ones: see Webhook.
module Barker
  autoload :Rack, "#{__dir__}/barker/rack"

  # The schemes that a message may be signed under, and their numbers in barker.h.
  SCHEMES = Native::ENUMERATIONS["barker_scheme"]

  private_constant :Native, :Batch

  class << self
    # The version of the library, which may differ from that of the gem.
    def library_version
      Native.utf8(Native.version)
    end

    # Sends the data of many webhooks at once, at most +max_in_flight+ at a time; 0 means 64. Returns
    # an Array with the Response or the DeliveryError of each, in their order. A block is called with
    # each webhook and its outcome as soon as there is one. If the block ends early, the remaining
    # sends are stopped.
    #
    # To send one body to many receivers: <tt>urls.map { |url| hook.dup.configure(url: url) }</tt>.
    # It is signed at most once a second.
    def send_many(webhooks, max_in_flight: 0, &block)
      Batch.new(webhooks).run(Native.uint32("max_in_flight", max_in_flight), &block)
    end

    # Webhook#verify without a Webhook.
    def verify(scheme, secret, headers, body, tolerance: 300)
      Native.check(Native.verify(Native.number_of("barker_scheme", "the scheme", scheme),
                                 Native.bytes("the secret", secret), secret.bytesize,
                                 Native.uint32("tolerance", tolerance),
                                 *Native::ReceivedHeaders.pack(headers),
                                 Native.bytes("body", body), body.bytesize))
      true
    end

    # A new secret that is valid for every scheme: "whsec_" and base64.
    def generate_secret
      Native.filled(1) { |secret| Native.generate_secret(secret) }.first
    end

    # A new Ed25519 key pair for Standard Webhooks: the sender's text and the receivers' text.
    def generate_key_pair
      Native.filled(2) { |*pair| Native.generate_key_pair(*pair) }
    end

    # A new message id: "msg_" and hexadecimal digits.
    def generate_id
      Native.filled(1) { |id| Native.generate_id(id) }.first
    end
  end
end
