# frozen_string_literal: true

require_relative "declarations"

module Barker
  # A failure. The message is a sentence that says why and, if the caller can fix it, what to change.
  # It never contains a secret or a body.
  class Error < StandardError
    # The number of the barker_status in barker.h, such as 205.
    attr_reader :status

    # The message id of the send that failed, to send the same message again; nil if it has none.
    attr_reader :id

    # The part of the answer that came before it broke off or became too large, as a Response: its
    # status, its headers if all of them came, no body. A receiver that answered 200 has the webhook.
    # It is nil if no status came.
    attr_reader :response

    def initialize(message = nil, status: nil, id: nil, response: nil)
      super(message)
      @status = status
      @id = id
      @response = response
    end

    def self.of(status, message, **details) # :nodoc:
      kind = KINDS.fetch(status) { RANGES.fetch(status / 100, Error) }
      kind.new(message, status: status, **details)
    end
  end

  # An argument cannot be used. Nothing was changed and nothing was sent.
  class InvalidError < Error; end

  # No complete answer came from the receiver.
  class DeliveryError < Error; end

  # No connection to the receiver could be opened. Nothing was sent.
  class ConnectionError < DeliveryError; end

  # The host name does not exist, or has no address.
  class ResolveError < ConnectionError; end

  # No name server answered for the host name. The host may exist: try again later.
  class ResolveAgainError < ConnectionError; end

  # The proxy could not connect to the receiver.
  class ProxyError < ConnectionError; end

  # The TLS handshake failed.
  class TLSError < ConnectionError; end

  # The receiver's certificate must not be trusted. The status says why.
  class CertificateError < TLSError; end

  # The address policy does not allow the receiver. Nothing was sent.
  class RefusedError < DeliveryError; end

  # The connection broke, or the answer is not HTTP. The receiver may have the webhook.
  class TransferError < DeliveryError; end

  # The answer is larger than allowed. The receiver may have the webhook.
  class TooLargeError < TransferError; end

  # The timeout expired. The receiver may have the webhook.
  class TimeoutError < DeliveryError; end

  # The send was stopped. If it had begun, the receiver may have the webhook.
  class StoppedError < DeliveryError; end

  # The received message must not be trusted.
  class VerificationError < Error; end

  # A header that the signature needs is missing or malformed, or has two different values.
  class HeaderError < VerificationError; end

  # The signature does not match this body, this timestamp and this secret.
  class SignatureError < VerificationError; end

  # The signature is right, but its timestamp is too far in the past.
  class TooOldError < VerificationError; end

  # The signature is right, but its timestamp is too far in the future.
  class TooNewError < VerificationError; end

  # The message is genuine and current, but was accepted before: answer 2xx.
  class ReplayedError < VerificationError; end

  # The message is genuine and current, but there is no room to remember it: answer 503.
  class ReplayFullError < VerificationError; end

  # A bug in barker. Please report it.
  class InternalError < Error; end

  # The system lacks something that the call needs.
  class SystemError < Error; end

  class Error
    # The class of each status, or of its hundred if the status has none of its own.
    KINDS = {
      resolve: ResolveError, connect: ConnectionError, tls: TLSError, send: TransferError,
      receive: TransferError, timeout: TimeoutError, protocol: TransferError,
      too_large: TooLargeError, stopped: StoppedError, refused: RefusedError, proxy: ProxyError,
      resolve_again: ResolveAgainError, certificate_expired: CertificateError,
      certificate_name: CertificateError, certificate_issuer: CertificateError,
      certificate_self_signed: CertificateError, certificate_revoked: CertificateError,
      header_missing: HeaderError, header_malformed: HeaderError, header_ambiguous: HeaderError,
      signature: SignatureError, too_old: TooOldError, too_new: TooNewError,
      replayed: ReplayedError, replay_full: ReplayFullError, system: SystemError
    }.transform_keys { |name| Native::ENUMERATIONS["barker_status"].fetch(name) }.freeze
    RANGES = {
      1 => InvalidError, 2 => DeliveryError, 3 => VerificationError, 9 => InternalError
    }.freeze
    private_constant :KINDS, :RANGES
  end
end
