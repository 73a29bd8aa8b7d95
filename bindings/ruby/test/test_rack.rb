# frozen_string_literal: true

require "rack"

# The middleware, by itself and in servers that fork.
class TestRack < Minitest::Test
  include Support

  ANSWER = [200, { "Content-Type" => "text/plain", "Content-Length" => "2" }, ["ok"]].freeze

  def secret
    @secret ||= Barker.generate_secret
  end

  def hook
    @hook ||= Barker::Webhook.new(secrets: { standard: secret })
  end

  # Calls the middleware between two Rack::Lint, with an application that keeps the body in @body.
  def call(body, headers, answer: ANSWER, webhook: hook, **options)
    app = Rack::Lint.new(lambda do |env|
      @body = env["rack.input"].read
      answer.is_a?(Exception) ? raise(answer) : answer.dup
    end)
    verify = Rack::Lint.new(Barker::Rack::Verify.new(app, webhook, **options))
    headers = headers.to_h { |name, value| ["HTTP_#{name.upcase.tr('-', '_')}", value] }
    Rack::MockRequest.new(verify).post("/hook", { input: body, lint: false }.merge(headers))
  end

  def signed(body)
    [body, hook.sign_headers(body)]
  end

  def test_a_valid_webhook_reaches_the_application
    ["", "x", "caf\u00e9\0\xff".b, "x" * 1_048_576].each do |body|
      response = call(*signed(body))
      assert_equal [200, "ok"], [response.status, response.body]
      assert_equal [body.b, Encoding::BINARY], [@body, @body.encoding]
    end
  end

  def test_what_cannot_be_trusted_is_answered_401
    body, headers = signed("x")
    [["y", headers], [body, {}], [body, headers.merge("webhook-signature" => "v1,x")],
     [body, hook.sign_headers(body, timestamp: Time.now - 1000)]].each do |request|
      response = call(*request)
      assert_equal 401, response.status
      assert_equal "text/plain", response["content-type"]
      assert_match(/\A[a-z ]+\n\z/, response.body)
      assert_nil @body
    end
  end

  def test_a_body_that_is_too_large_is_answered_413
    assert_equal 200, call(*signed("x" * 10), limit: 10).status
    assert_equal 413, call(*signed("x" * 11), limit: 10).status
    too_large = call(*signed("x" * 11), limit: 10)
    assert_match(/more than 10 bytes/, too_large.body)
    env = Rack::MockRequest.env_for("/", method: "POST", input: "x" * 11)
    env.delete("CONTENT_LENGTH")
    assert_equal 413, Barker::Rack::Verify.new(->(_) { flunk }, hook, limit: 10).call(env)[0]
  end

  def test_a_request_without_input_or_that_was_read_before
    env = Rack::MockRequest.env_for("/", method: "POST", input: "x")
    hook.sign_headers("x").each { |name, value| env["HTTP_#{name.upcase.tr('-', '_')}"] = value }
    env["rack.input"].read
    verify = Barker::Rack::Verify.new(->(inner) { [200, {}, [inner["rack.input"].read]] }, hook)
    assert_equal ["x"], verify.call(env)[2]
    env["rack.input"] = nil
    assert_equal 401, verify.call(env)[0]
  end

  def test_replays
    guarded = hook.dup.configure(replay_limit: 2)
    first = signed("x")
    assert_equal [200, 204], Array.new(2) { call(*first, webhook: guarded).status }
    assert_equal 200, call(*signed("y"), webhook: guarded).status
    assert_equal 503, call(*signed("z"), webhook: guarded).status
  end

  def test_what_the_application_did_not_take_may_come_again
    guarded = hook.dup.configure(replay_limit: 10)
    message = signed("x")
    assert_equal 500, call(*message, webhook: guarded, answer: [500, *ANSWER.drop(1)]).status
    assert_raises(IOError) { call(*message, webhook: guarded, answer: IOError.new) }
    assert_equal 200, call(*message, webhook: guarded).status
    assert_equal 204, call(*message, webhook: guarded).status
  end

  # Yields the URL of a server with servers.ru, and what it forwarded.
  def with_server(pattern, *command)
    received = Queue.new
    keep = Barker::Rack::Verify.new(lambda do |env|
      received << env["rack.input"].read
      [204, {}, []]
    end, hook)
    with_puma(keep) do |forward|
      environment = { "FORWARD" => forward, "SECRET" => secret, "RACK_ENV" => "production" }
      with_program(environment, *command, chdir: __dir__, err: %i[child out]) do |output, _|
        port = nil
        until port
          line = output.gets or flunk("the server ended")
          port = line[pattern, 1]
        end
        drain = Thread.new { output.read }
        yield "http://127.0.0.1:#{port}/", received
        drain.kill
      end
    end
  end

  def check_server(url, received)
    assert_equal "preload", received.pop
    sender = hook.dup.configure(url: url, timeout: PATIENCE)
    workers = Set.new
    until workers.size == 2
      threads = Array.new(4) { |i| Thread.new { sender.send("message #{i}") } }
      answers = threads.map { |thread| thread.value.body }
      answers.each { |answer| assert_match(/\A\d+ 204 204\z/, answer) }
      workers.merge(answers.map(&:to_i))
    end
    forwarded = Array.new(received.size) { received.pop }.tally
    assert_equal forwarded.delete("preload"), forwarded.values.sum
    assert_equal Array.new(4) { |i| "message #{i}" }, forwarded.keys.sort
    assert_equal 401, sender.dup.configure(key: "other").send("x").status
    assert_equal 413, sender.send("x" * 1_048_577).status
  end

  def test_puma_in_cluster_mode
    with_server(%r{Listening on http://127.0.0.1:(\d+)}, ruby, "-S", "puma", "-C", "puma.rb",
                "servers.ru") { |url, received| check_server(url, received) }
  end

  def test_unicorn
    with_server(/listening on addr=127.0.0.1:(\d+)/, ruby, "-S", "unicorn", "-c", "unicorn.rb",
                "servers.ru") { |url, received| check_server(url, received) }
  end
end
