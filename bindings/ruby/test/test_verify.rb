# frozen_string_literal: true

# Signing, verifying, and new secrets.
class TestVerify < Minitest::Test
  KNOWN = { "BARKER_TIMESTAMP" => "1566234234.123456",
            "BARKER_SIGNATURE" => "db1541f495c52e2985cd5744441db766" }.freeze

  def hook
    @hook ||= Barker::Webhook.new
  end

  def test_known_answers
    assert_equal %w[1566234234.123456 db1541f495c52e2985cd5744441db766],
                 hook.sign("hello", timestamp: "1566234234.123456")
    assert_equal "4eddce360a964bbb9295a96a5293820b",
                 hook.sign("{\"caf\u00e9\": 1}", timestamp: "1566234234.5").last
    empty = Barker::Webhook.new(key: "")
    assert_equal "49bec43e94cd7f64a7c1e895751027a7", empty.sign("", timestamp: "0").last
    assert_equal KNOWN, hook.sign_headers("hello", timestamp: "1566234234.123456")
  end

  def test_timestamps_of_any_kind
    time = Time.at(1_566_234_234, 123_456)
    assert_equal "1566234234.123456", hook.sign("x", timestamp: time).first
    assert_equal "1566234234.000000", hook.sign("x", timestamp: 1_566_234_234).first
    assert_equal "1566234234.500000", hook.sign("x", timestamp: 1_566_234_234.5).first
    assert_raises(TypeError) { hook.sign("x", timestamp: :now) }
    assert_equal 301, assert_raises(Barker::HeaderError) { hook.sign("x", timestamp: "x") }.status
    assert_raises(TypeError) { hook.sign(nil) }
    assert_raises(TypeError) { hook.sign_headers(:x) }
  end

  def test_every_scheme_verifies_what_it_signed
    Barker::SCHEMES.each_key do |scheme|
      secret = Barker.generate_secret
      webhook = Barker::Webhook.new(secrets: { scheme => secret })
      headers = webhook.sign_headers("body")
      assert_equal true, webhook.verify(headers, "body"), scheme
      assert_equal true, Barker.verify(scheme, secret, headers, "body")
      assert_raises(Barker::SignatureError) { webhook.verify(headers, "Body") }
      assert_raises(Barker::HeaderError) { webhook.verify({}, "body") }
    end
  end

  def test_a_key_pair
    sender, receivers = Barker.generate_key_pair
    headers = Barker::Webhook.new(secrets: { standard: sender }).sign_headers("x")
    verifier = Barker::Webhook.new(secrets: { standard: receivers })
    assert verifier.verify(headers, "x")
    assert_equal 105, assert_raises(Barker::InvalidError) { verifier.sign_headers("x") }.status
  end

  def test_what_is_generated
    assert_match %r{\Awhsec_[\w+/=]{44}\z}, Barker.generate_secret
    assert_match(/\Awhsk_.*\z/, Barker.generate_key_pair.first)
    assert_match(/\Amsg_\h{32}\z/, Barker.generate_id)
    assert_equal 100, Array.new(100) { Barker.generate_id }.uniq.size
    assert_equal Encoding::UTF_8, Barker.generate_secret.encoding
  end

  def test_headers_of_any_shape
    headers = hook.sign_headers("x")
    lower = headers.transform_keys { |name| name.downcase.tr("_", "-") }
    env = headers.transform_keys { |name| "HTTP_#{name}" }
                 .merge("REQUEST_METHOD" => "POST", "rack.input" => StringIO.new, "n" => 1)
    [headers, headers.to_a, lower, lower.transform_keys(&:to_sym), env,
     headers.transform_values { |value| [value] },
     headers.transform_values { |value| [value, value] },
     headers.merge("X-Absent" => nil, "X-Binary" => "\xff"), headers.each].each do |shape|
      assert hook.verify(shape, "x"), shape.inspect
    end
  end

  def test_wrong_headers_and_bodies
    [nil, "x", 5, { "a" => 5 }, { 5 => "x" }, { "a" => 1.5 }, [[:a, Object]],
     [["a", :b]]].each do |headers|
      assert_raises(TypeError, headers.inspect) { hook.verify(headers, "x") }
      assert_raises(TypeError) { hook.forget(headers, "x") }
      assert_raises(TypeError) { Barker.verify(:barker, "x", headers, "x") }
    end
    [nil, 5, StringIO.new("x"), :x].each do |body|
      assert_raises(TypeError) { hook.verify(KNOWN, body) }
    end
    assert_raises(ArgumentError) { Barker.verify(:nope, "x", {}, "x") }
    assert_raises(TypeError) { Barker.verify(:barker, nil, {}, "x") }
    assert_raises(Barker::InvalidError) { Barker.verify(:barker, "x", {}, "x", tolerance: -1) }
    assert_raises(Barker::InvalidError) { Barker.verify(:standard, "", {}, "x") }
  end

  def test_a_nul_is_malformed
    headers = hook.sign_headers("x")
    [headers.merge("BARKER_SIGNATURE" => "#{headers['BARKER_SIGNATURE']}\0x"),
     headers.merge("X\0Y" => "z")].each do |hostile|
      assert_equal 301, assert_raises(Barker::HeaderError) { hook.verify(hostile, "x") }.status
    end
  end

  def test_each_reason_has_its_class
    old = Barker::Webhook.new(tolerance: 10)
    at = ->(seconds) { hook.sign_headers("x", timestamp: Time.now + seconds) }
    { 300 => [Barker::HeaderError, {}],
      301 => [Barker::HeaderError, KNOWN.merge("BARKER_TIMESTAMP" => "x")],
      302 => [Barker::HeaderError, KNOWN.to_a << ["BARKER_SIGNATURE", "other"]],
      303 => [Barker::SignatureError, KNOWN], 304 => [Barker::TooOldError, at.call(-60)],
      305 => [Barker::TooNewError, at.call(60)] }.each do |status, (error, headers)|
      raised = assert_raises(error) { old.verify(headers, "x") }
      assert_equal status, raised.status
      assert_kind_of Barker::VerificationError, raised
      refute_empty raised.message
    end
    assert Barker.verify(:barker, "BARKER", KNOWN, "hello", tolerance: 0)
  end

  def test_replays
    guarded = Barker::Webhook.new(replay_limit: 2)
    first, second, third = Array.new(3) { |i| [guarded.sign_headers(i.to_s), i.to_s] }
    assert guarded.verify(*first)
    assert_equal 306, assert_raises(Barker::ReplayedError) { guarded.verify(*first) }.status
    assert_raises(Barker::ReplayedError) { guarded.dup.verify(*first) }
    assert_nil guarded.forget(*first)
    assert guarded.verify(*first)
    assert guarded.verify(*second)
    assert_equal 307, assert_raises(Barker::ReplayFullError) { guarded.verify(*third) }.status
  end

  def test_a_secret_is_rotated
    sender = Barker::Webhook.new(secrets: { barker: "old" })
    both = Barker::Webhook.new(secrets: { barker: %w[new old] })
    assert both.verify(sender.sign_headers("x"), "x")
    sender.key = "new"
    assert both.verify(sender.sign_headers("x"), "x")
    sender.key = "other"
    assert_raises(Barker::SignatureError) { both.verify(sender.sign_headers("x"), "x") }
  end
end
