# frozen_string_literal: true

# When to send again.
class TestRetry < Minitest::Test
  include Support

  def answered(status, headers = {})
    Barker::Response.new(status: status, headers: Barker::Response::Headers.new(headers.to_a),
                         body: "", id: "", timestamp: "", signature: "")
  end

  def failed(kind, name, response: nil)
    number = Barker.const_get(:Native)::ENUMERATIONS["barker_status"].fetch(name)
    kind.new("failed", status: number, response: response)
  end

  # The verdict, with a wait within these seconds.
  def assert_judged(verdict, seconds, outcome, tries = 1, policy: Barker::Retry.new)
    found, wait = policy.judge(outcome, tries)
    assert_equal verdict, found
    assert_includes seconds, wait
  end

  def test_the_default_policy
    after = { "retry-AFTER" => "100" }
    assert_judged :delivered, 0..0, answered(204, after)
    assert_judged :gone, 0..0, answered(410)
    assert_judged :retry, 4..6, answered(500)
    assert_judged :retry, 4..6, answered(500), 0
    assert_judged :retry, (19 * 3600)..(29 * 3600), answered(500), 9
    assert_judged :dead, 0..0, answered(500), 10
    assert_judged :retry, 60..72, answered(503)
    assert_judged :retry, 100..120, answered(404, after)
    assert_judged :retry, 4..6, answered(404, "Retry-After" => "soon")
    assert_judged :retry, 60..72, failed(Barker::TimeoutError, :timeout)
    assert_judged :retry, 4..6, failed(Barker::ResolveError, :resolve)
    assert_judged :dead, 0..0, failed(Barker::RefusedError, :refused)
    assert_judged :dead, 0..0, failed(Barker::InvalidError, :url)
    cut_off = failed(Barker::TransferError, :receive, response: answered(500, after))
    assert_judged :retry, 100..120, cut_off
    assert_judged :delivered, 0..0,
                  failed(Barker::TransferError, :receive, response: answered(200))
  end

  def test_options
    policy = Barker::Retry.new(delays: [1, 2.5], jitter: 0, retry_after: 10, overload_delay: 5,
                               final_statuses: [400, 413])
    assert_equal [:retry, 1.0], policy.judge(answered(500), 1)
    assert_equal [:retry, 2.5], policy.judge(answered(500), 2)
    assert_equal [:dead, 0.0], policy.judge(answered(500), 3)
    assert_equal [:retry, 5.0], policy.judge(answered(429), 1)
    assert_equal [:retry, 11.0], policy.judge(answered(500, "Retry-After" => "100"), 1)
    assert_equal [:dead, 0.0], policy.judge(answered(413), 1)
    assert_equal [:dead, 0.0], Barker::Retry.new(delays: []).judge(answered(500), 1)
    Barker::Retry.new(final_statuses: [])
    assert_equal "#<Barker::Retry>", policy.inspect
  end

  def test_wrong_options
    [{ delays: [1] * 101 }, { delays: [-1] }, { delays: [5_000_000] }, { jitter: 101 },
     { jitter: -1 }, { retry_after: 2**32 }, { overload_delay: -1 },
     { overload_delay: Float::INFINITY }, { final_statuses: [299] }, { final_statuses: [400, 600] },
     { final_statuses: [65_936] }, { final_statuses: [-1] },
     { final_statuses: [400] * 301 }].each do |options|
      error = assert_raises(Barker::InvalidError, options) { Barker::Retry.new(**options) }
      assert_equal 104, error.status
    end
    [{ delays: ["1"] }, { delays: [nil] }, { jitter: 1.5 }, { final_statuses: ["400"] }]
      .each { |options| assert_raises(TypeError, options) { Barker::Retry.new(**options) } }
    assert_raises(ArgumentError) { Barker::Retry.new(nonsense: 1) }
  end

  def test_wrong_outcomes
    policy = Barker::Retry.new
    [nil, 500, "500", StandardError.new, Barker::Error.new("not of a send")].each do |outcome|
      assert_raises(TypeError, outcome.inspect) { policy.judge(outcome, 1) }
    end
    assert_raises(TypeError) { policy.judge(answered(500), nil) }
    assert_raises(Barker::InvalidError) { policy.judge(answered(500), -1) }
  end

  def test_outcomes_of_sends
    with_puma(->(_) { [503, { "retry-after" => "1000" }, []] }) do |url|
      assert_judged :retry, 1000..1200, Barker::Webhook.new(url: url).send("x")
    end
    hook = Barker::Webhook.new(url: "http://127.0.0.1:1/", address_policy: :public)
    assert_judged :dead, 0..0, assert_raises(Barker::RefusedError) { hook.send("x") }
    hook.address_policy = :any
    assert_judged :retry, 4..6, assert_raises(Barker::ConnectionError) { hook.send("x") }
  end

  def test_threads_share_a_policy
    policy = Barker::Retry.new
    threads = Array.new(8) do
      Thread.new { Array.new(100) { policy.judge(answered(500), 1).first }.uniq }
    end
    assert_equal [[:retry]] * 8, threads.map(&:value)
  end
end
