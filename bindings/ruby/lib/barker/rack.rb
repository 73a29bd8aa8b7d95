# frozen_string_literal: true

require "stringio"

module Barker
  # For applications that use Rack 2 or 3.
  module Rack
    # Passes on only requests that hold a valid webhook:
    #
    #   map "/hook" do
    #     use Barker::Rack::Verify, Barker::Webhook.new(secrets: { standard: secret })
    #     run app
    #   end
    #
    # The application reads the body from rack.input as usual. The middleware answers all other
    # requests: 401 to a message that cannot be trusted, 413 to a body that is too large, 503 if
    # there is no room to remember the message, and 204 to a message that was accepted before. If
    # the application raises an exception or does not answer 2xx, the message is accepted once more.
    class Verify
      # +limit+ is how many bytes a body may have.
      def initialize(app, webhook, limit: 1024 * 1024)
        @app = app
        @webhook = webhook
        @limit = limit
      end

      def call(env)
        body = read(env)
        return refusal(413, "the body has more than #{@limit} bytes") unless body

        begin
          @webhook.verify(env, body)
        rescue VerificationError => e
          return answer_to(e)
        end
        hand_on(env, body)
      end

      private

      # The whole body; nil if it is too large.
      def read(env)
        return if env["CONTENT_LENGTH"].to_i > @limit

        input = env["rack.input"]
        input.rewind if input.respond_to?(:rewind)
        body = input&.read(@limit + 1) || +""
        body unless body.bytesize > @limit
      end

      def answer_to(error)
        case error
        when ReplayedError then [204, {}, []]
        when ReplayFullError then refusal(503, error.message)
        else refusal(401, error.message)
        end
      end

      def refusal(status, sentence)
        text = "#{sentence}\n"
        headers = { "content-type" => "text/plain", "content-length" => text.bytesize.to_s }
        [status, headers, [text]]
      end

      def hand_on(env, body)
        # The application may change what it reads, and headers in the environment.
        received = env.select { |name, _| name.start_with?("HTTP_") }
        env["rack.input"] = StringIO.new(body.b)
        accepted = false
        response = @app.call(env)
        accepted = response[0].to_i.between?(200, 299)
        response
      ensure
        @webhook.forget(received, body) unless accepted
      end
    end
  end
end
