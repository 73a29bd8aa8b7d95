# frozen_string_literal: true

# Settings, and sending to a real server.
class TestWebhook < Minitest::Test
  include Support

  def echo
    lambda do |env|
      body = env["rack.input"].read
      headers = env.select { |name, _| name.start_with?("HTTP_", "CONTENT_TYPE") }
      [200, { "content-type" => "text/plain", "X-Twice" => "1\n2" },
       [Marshal.dump([env["REQUEST_METHOD"], headers, body])]]
    end
  end

  def received(response)
    Marshal.load(response.body)
  end

  def test_sends_what_was_set
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: URI(url), data: "caf\u00e9", key: "k",
                                 content_type: "text/x", headers: { "X-A" => %w[1 2], b: "3" })
      response = hook.send
      method, headers, body = received(response)
      assert_equal ["POST", "caf\u00e9".b, "text/x"], [method, body, headers["CONTENT_TYPE"]]
      assert_equal %w[1,2 3], headers.values_at("HTTP_X_A", "HTTP_B").map { |v| v.delete(" ") }
      assert Barker.verify(:barker, "k", headers, body)
      assert_equal headers.values_at("HTTP_BARKER_TIMESTAMP", "HTTP_BARKER_SIGNATURE"),
                   [response.timestamp, response.signature]
      assert_equal "", response.id
    end
  end

  def test_a_response
    with_puma(echo) do |url|
      response = Barker::Webhook.new(url: url).deliver("x")
      assert_equal [200, true], [response.status, response.success?]
      assert_equal "text/plain", response.headers["Content-TYPE"]
      assert_nil response.headers["absent"]
      assert_equal %w[1 2], response.headers.all("x-twice")
      assert_includes response.headers.to_a, ["X-Twice", "1"]
      assert_equal response.headers.size, response.headers.each.count
      assert_equal Encoding::BINARY, response.body.encoding
      assert_equal Encoding::UTF_8, response.headers["content-type"].encoding
      assert_match(/\A#<Barker::Response 200, \d+ bytes>\z/, response.inspect)
    end
  end

  def test_an_answer_of_any_status_is_a_response
    with_puma(->(_) { [500, {}, []] }) do |url|
      response = Barker::Webhook.new(url: url).send("x")
      assert_equal [500, false, ""], [response.status, response.success?, response.body]
    end
  end

  def test_data_of_a_send_is_not_kept_and_may_hold_anything
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: url, data: "kept")
      ["", "\0\xff\r\n".b, "x" * 1_000_000, "\u00fc".encode("UTF-16LE")].each do |data|
        assert_equal data.b, received(hook.configure(max_body: 2_000_000).send(data)).last
      end
      assert_equal "kept", received(hook.send).last
      assert_equal "kept", hook.data
      assert_equal Encoding::UTF_8, hook.url.encoding
    end
  end

  def test_headers_and_secrets_replace_those_before
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: url, headers: { "X-A" => "1" }, key: "old")
      hook.headers = [["X-B", "2"]]
      hook.secrets = { standard: [secret = Barker.generate_secret], github: "g" }
      _, headers, body = received(hook.send("x"))
      assert_equal [nil, "2"], headers.values_at("HTTP_X_A", "HTTP_X_B")
      refute headers.key?("HTTP_BARKER_SIGNATURE")
      assert Barker.verify(:standard, secret, headers, body)
      assert Barker.verify(:github, "g", headers, body)
    end
  end

  def test_an_id_for_one_send_or_for_all
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: url, secrets: { standard: Barker.generate_secret })
      ids = Array.new(3) { hook.send("x").id }
      assert_equal 3, ids.uniq.size
      assert_equal "mine", hook.send("x", id: "mine").id
      refute_equal "mine", hook.send("x").id
      hook.id = "all"
      assert_equal %w[all all], [hook.send("x").id, hook.send("x").id]
      hook.id = nil
      refute_equal "all", hook.send("x").id
    end
  end

  def test_send_takes_the_place_of_object_send
    hook = Barker::Webhook.new(timeout: 2)
    assert_in_delta 2.0, hook.__send__(:timeout)
    assert_in_delta 2.0, hook.public_send(:timeout)
    assert_match(/data must be a String, not a Symbol/,
                 assert_raises(TypeError) { hook.send(:timeout) }.message)
    assert_raises(TypeError) { hook.send({ event: 1 }) }
  end

  EVERY_OPTION = {
    url: "http://127.0.0.1/", data: "d", secrets: { barker_sha256: %w[new old], slack: "s" },
    id: "an-id", spelling: :dash, content_type: "text/plain", headers: { "X-A" => "1" },
    timeout: 0.25, idle_limits: { connections: 4, seconds: 20 }, lookup_lifetime: 5,
    max_connection_age: 60, max_body: 10, redirects: { max: 3, to_other_origins: true },
    proxy: "socks5://127.0.0.1:1080",
    log: { level: :error, to: ->(_, _) {} }, address_policy: :listed,
    allow_networks: ["127.0.0.0/8", "::1"], deny_networks: "10.0.0.0/8", allow_ports: [80, 443],
    https_only: false, platform_ca: false, server_name: "receiver.example", min_tls: :TLS1_3,
    insecure_skip_verify: true, tolerance: 60, replay_limit: 10
  }.freeze

  def test_every_option_has_a_setter
    files = %i[ca ca_file crl client_certificate key]
    assert_equal Barker::Settings::OPTIONS.sort, (EVERY_OPTION.keys + files).sort
    hook = Barker::Webhook.new(interruptible: true, **EVERY_OPTION)
    EVERY_OPTION.each { |name, value| hook.public_send("#{name}=", value) }
    { content_type: nil, proxy: nil, log: nil, id: nil, server_name: nil, client_certificate: nil,
      redirects: 2, data: "", idle_limits: { connections: 0 } }.each do |name, value|
      hook.public_send("#{name}=", value)
    end
    assert hook.interruptible
    assert_in_delta 0.25, hook.timeout
    assert_equal [60, "", "http://127.0.0.1/"], [hook.tolerance, hook.data, hook.url]
  end

  def test_the_environment_names_a_proxy
    ENV["http_proxy"] = "nonsense://x"
    hook = Barker::Webhook.new(url: "http://127.0.0.1:1/", proxy: :environment)
    assert_raises(Barker::ProxyError) { hook.send }
  ensure
    ENV.delete("http_proxy")
  end

  WRONG_TYPES = [
    [:url, nil], [:url, 5], [:data, nil], [:data, { a: 1 }], [:key, nil], [:key, 5],
    [:secrets, { standard: nil }], [:secrets, "x"], [:secrets, { barker: [nil] }], [:id, 5],
    [:content_type, 5], [:headers, 5], [:headers, { "X-A" => nil }], [:headers, { 5 => "x" }],
    [:timeout, "5"], [:timeout, nil], [:timeout, Complex(1, 1)], [:lookup_lifetime, 1.5],
    [:max_body, nil], [:redirects, "3"], [:proxy, 5], [:log, 5], [:allow_networks, 5],
    [:allow_ports, "80"], [:ca, nil], [:ca, 5], [:crl, 5], [:tolerance, "300"],
    [:client_certificate, { certificate: "x", key: nil }], [:server_name, 5], [:replay_limit, "1"]
  ].freeze
  WRONG_ARGUMENTS = [
    [:url, "http://a\0b/"], [:secrets, {}], [:secrets, { standard: [] }], [:secrets, { nope: "x" }],
    [:spelling, :nope], [:headers, { "X-A" => "a\0b" }], [:address_policy, "public"],
    [:min_tls, "1.3"], [:log, { level: :loud, to: -> {} }], [:idle_limits, { nope: 1 }],
    [:redirects, { to_other_origins: true }], [:client_certificate, { key: "x" }]
  ].freeze
  INVALID = [
    [:url, "nonsense", 102], [:url, "", 102], [:url, "http://\xff/".b, 101],
    [:headers, { "Host" => "x" }, 103], [:headers, { "X-A" => "a\r\nb: c" }, 103],
    [:content_type, "a\nb", 103], [:timeout, 0, 104], [:timeout, -1, 104], [:timeout, 5e9, 104],
    [:timeout, Float::NAN, 104], [:timeout, Float::INFINITY, 104], [:max_body, -1, 104],
    [:max_body, 2**32, 104], [:allow_ports, 0, 104], [:allow_ports, 65_536, 104],
    [:allow_networks, "10.1.2.3/8", 104], [:deny_networks, "x", 104],
    [:secrets, { standard: "no base64!" }, 105], [:secrets, { github: "" }, 105],
    [:secrets, { barker: Array.new(17, "x") }, 104], [:id, "a b", 106], [:id, "", 106],
    [:ca, "no pem", 107], [:ca_file, "/nowhere", 107], [:crl, "no pem", 107],
    [:client_certificate, { certificate: "x", key: "y" }, 107], [:server_name, "", 107],
    [:proxy, "ftp://x", 102], [:tolerance, -1, 104], [:redirects, -1, 104]
  ].freeze

  def test_wrong_settings_raise_and_change_nothing
    hook = Barker::Webhook.new(url: "http://kept/", key: "kept", timeout: 7)
    wrong = WRONG_TYPES.map { |name, value| [TypeError, name, value] } +
            WRONG_ARGUMENTS.map { |name, value| [ArgumentError, name, value] } +
            INVALID.map { |name, value, _| [Barker::InvalidError, name, value] }
    wrong.each do |error, name, value|
      assert_raises(error, "#{name}: #{value.inspect}") { hook.public_send("#{name}=", value) }
      assert_raises(error) { hook.configure(timeout: 9, url: "http://new/", name => value) }
      assert_raises(error) { Barker::Webhook.new(name => value) }
    end
    assert_equal ["http://kept/", 7.0], [hook.url, hook.timeout]
    assert Barker.verify(:barker, "kept", hook.sign_headers("x"), "x")
  end

  def test_invalid_errors_carry_status_and_sentence
    INVALID.each do |name, value, status|
      error = assert_raises(Barker::InvalidError) { Barker::Webhook.new(name => value) }
      assert_equal status, error.status, name
      assert_operator error.message.length, :>, 10
    end
    error = assert_raises(ArgumentError) { Barker::Webhook.new(nope: 1) }
    assert_equal "there is no option :nope", error.message
    assert_raises(ArgumentError) { Barker::Webhook.new(key: "a", secrets: { barker: "b" }) }
    assert_raises(ArgumentError) { Barker::Webhook.new.log }
  end

  def test_a_send_without_url_or_to_nobody
    assert_equal 102, assert_raises(Barker::InvalidError) { Barker::Webhook.new.send("x") }.status
    hook = Barker::Webhook.new(url: "http://127.0.0.1:#{free_port}/",
                               secrets: { standard: Barker.generate_secret })
    error = assert_raises(Barker::ConnectionError) { hook.send("x") }
    assert_equal 201, error.status
    assert_match(/\Amsg_\h+\z/, error.id)
    assert_kind_of Barker::DeliveryError, error
    assert_raises(Barker::InvalidError) { hook.send("x", id: "a b") }
    hook.address_policy = :public
    assert_raises(Barker::RefusedError) { hook.send("x") }
  end

  def test_a_timeout_and_an_answer_that_is_none
    with_silence do |url|
      hook = Barker::Webhook.new(url: url, timeout: 0.05)
      error = assert_raises(Barker::TimeoutError) { hook.send }
      assert_equal [205, nil], [error.status, error.response]
    end
    nonsense = lambda do |client|
      client.readpartial(1000)
      client.write("nonsense\r\n\r\n")
      client.close
    end
    with_listener(nonsense) do |url|
      hook = Barker::Webhook.new(url: url)
      assert_equal 206, assert_raises(Barker::TransferError) { hook.send }.status
    end
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: url, max_body: 5)
      error = assert_raises(Barker::TooLargeError) { hook.send }
      [error, *Barker.send_many([hook])].map(&:response).each do |response|
        assert_equal [200, "1", ""], [response.status, response.headers["X-Twice"], response.body]
      end
    end
  end

  def test_tls_is_judged
    with_tls do |url, pem, key|
      hook = Barker::Webhook.new(url: url)
      assert_equal 223, assert_raises(Barker::CertificateError) { hook.send }.status
      assert_equal 204, Barker::Webhook.new(url: url, ca: pem, platform_ca: false).send.status
      hook.configure(ca: [pem], client_certificate: { certificate: pem, key: key })
      assert_equal 204, hook.send.status
      hook.server_name = "other.example"
      assert_equal 221, assert_raises(Barker::TLSError) { hook.send }.status
      hook.insecure_skip_verify = true
      assert_equal 204, hook.send.status
    end
  end

  # A server of OpenSSL with a certificate of its own.
  def with_tls
    require "openssl"
    key = OpenSSL::PKey::EC.generate("prime256v1")
    certificate = certificate_for(key)
    context = OpenSSL::SSL::SSLContext.new
    context.add_certificate(certificate, key)
    serve = lambda do |client|
      tls = OpenSSL::SSL::SSLSocket.new(client, context).accept
      tls.readpartial(10_000)
      tls.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
      tls.close
    rescue OpenSSL::SSL::SSLError
      client.close
    end
    with_listener(serve) do |url|
      yield url.sub("http:", "https:"), certificate.to_pem, key.to_pem
    end
  end

  def certificate_for(key)
    certificate = OpenSSL::X509::Certificate.new
    certificate.version = 2
    certificate.serial = 1
    certificate.subject = certificate.issuer = OpenSSL::X509::Name.parse("/CN=receiver")
    certificate.public_key = key
    certificate.not_before = Time.now - 60
    certificate.not_after = Time.now + 3600
    extensions = OpenSSL::X509::ExtensionFactory.new(certificate, certificate)
    certificate.add_extension(extensions.create_extension("subjectAltName", "IP:127.0.0.1"))
    certificate.sign(key, "SHA256")
  end

  def test_a_copy_goes_its_own_way
    hook = Barker::Webhook.new(url: "http://one/", key: "k").freeze
    copy = hook.dup.configure(url: "http://two/")
    assert_equal %w[http://one/ http://two/], [hook.url, copy.url]
    assert_equal hook.sign("x", timestamp: 5), copy.sign("x", timestamp: 5)
    assert_raises(FrozenError) { hook.url = "http://three/" }
    assert_equal "http://one/", hook.url
  end

  def test_a_secret_is_not_shown
    hook = Barker::Webhook.new(url: "http://user:hidden@x/", key: "hidden")
    refute_match(/hidden/, hook.inspect + hook.to_s)
    assert_raises(TypeError) { Marshal.dump(hook) }
  end

  def test_the_log
    with_puma(echo) do |url|
      lines = []
      hook = Barker::Webhook.new(url: url)
      hook.log { |level, line| lines << [level, line, line.encoding] }
      GC.start
      hook.dup.send("x")
      assert_includes lines.map(&:first), :debug
      assert_equal [Encoding::UTF_8], lines.map(&:last).uniq
      lines.clear
      hook.log = { level: :info, to: ->(level, _) { lines << level } }
      hook.send("x")
      assert_equal [:info], lines
      hook.log = nil
      hook.send("x")
      assert_equal [:info], lines
    end
  end

  def test_a_log_that_fails_spoils_no_send
    with_puma(echo) do |url|
      blocks = [->(*) { raise "no" }, ->(*) { throw :out }, ->(*) { Thread.exit }, ->(*) { exit },
                proc { break }, ->(*) { Thread.current.raise("later") }]
      blocks.each do |block|
        hook = Barker::Webhook.new(url: url, log: { level: :info, to: block })
        status = nil
        capture_io do
          catch(:out) { Thread.new { status = hook.send("x").status }.join }
        rescue RuntimeError => e
          assert_equal "later", e.message
          status = 200
        end
        assert_equal 200, status, block.inspect
        catch(:out) { capture_io { assert_equal 200, hook.send("x").status } } if block == blocks[1]
      end
    end
  end

  def test_send_many
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(secrets: { standard: Barker.generate_secret }, data: "x")
      gone = "http://127.0.0.1:#{free_port}/"
      hooks = [url, gone, url].map { |each| hook.dup.configure(url: each) }
      heard = []
      outcomes = Barker.send_many(hooks) { |webhook, outcome| heard << [webhook, outcome] }
      assert_equal [Barker::Response, Barker::ConnectionError, Barker::Response],
                   outcomes.map(&:class)
      assert_equal 1, outcomes.map(&:id).uniq.size
      assert_equal hooks.zip(outcomes).to_set, heard.to_set
      assert_equal "x", received(outcomes[2]).last
    end
  end

  def test_send_many_takes_what_there_is
    with_puma(echo) do |url|
      hook = Barker::Webhook.new(url: url)
      assert_equal [200] * 5, Barker.send_many([hook] * 5, max_in_flight: 2).map(&:status)
      assert_equal [200], Barker.send_many([hook].each).map(&:status)
      assert_equal [], Barker.send_many([])
      assert_raises(TypeError) { Barker.send_many([hook, "x"]) }
      assert_raises(TypeError) { Barker.send_many([hook], max_in_flight: "x") }
      assert_raises(Barker::InvalidError) { Barker.send_many([hook], max_in_flight: -1) }
      no_url = Barker.send_many([Barker::Webhook.new, hook])
      assert_equal [Barker::InvalidError, Barker::Response], no_url.map(&:class)
    end
  end

  def test_leaving_the_block_stops_the_others
    with_puma(echo) do |url|
      with_silence do |silent|
        hooks = [url, silent].map { |each| Barker::Webhook.new(url: each, timeout: PATIENCE) }
        started = now
        assert_equal hooks[0], Barker.send_many(hooks) { |webhook, _| break webhook }
        assert_raises(IOError) { Barker.send_many(hooks) { |*| raise IOError } }
        assert_operator now - started, :<, PATIENCE
        assert_equal 200, hooks[0].send.status
      end
    end
  end
end
