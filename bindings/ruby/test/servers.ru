# frozen_string_literal: true

# A receiver under Puma and Unicorn whose webhook was made, and has sent, before the server forked.
# Each valid webhook is sent on to FORWARD; the answer tells by whom.

require "barker"

HOOK = Barker::Webhook.new(url: ENV.fetch("FORWARD"), data: "preload", timeout: 30,
                           secrets: { standard: ENV.fetch("SECRET") })
PRELOADED = [HOOK.send.status, Process.pid].freeze

use Rack::Lint
use Barker::Rack::Verify, HOOK
use Rack::Lint
run(lambda do |env|
  body = env["rack.input"].read
  raise "it was not preloaded" if PRELOADED.last == Process.pid

  sent = [HOOK.send(body), *Barker.send_many([HOOK])].map(&:status)
  text = "#{Process.pid} #{sent.join(' ')}"
  [200, { "Content-Type" => "text/plain", "Content-Length" => text.bytesize.to_s }, [text]]
end)
