# frozen_string_literal: true

# Threads, interruptions, forks and the garbage collector.
class TestThreads < Minitest::Test
  include Support

  ECHO = ->(env) { [200, {}, [env["rack.input"].read]] }

  # The answer comes only after this thread was able to run.
  def test_other_threads_run_during_a_send
    gate = Queue.new
    with_puma(->(_) { [200, {}, [gate.pop]] }) do |url|
      hook = Barker::Webhook.new(url: url, timeout: PATIENCE, data: "x")
      [-> { hook.send }, -> { Barker.send_many([hook])[0] }].each do |work|
        sender = Thread.new(&work)
        gate << "opened"
        assert_equal "opened", sender.value.body
      end
    end
  end

  def test_one_webhook_for_many_threads
    with_puma(ECHO) do |url|
      hook = Barker::Webhook.new(url: url, timeout: PATIENCE)
      senders = Array.new(8) do |i|
        Thread.new { Array.new(50) { |j| hook.send("#{i}-#{j}").body == "#{i}-#{j}" } }
      end
      (hook.tolerance = 5) && hook.close_idle while senders.any?(&:alive?)
      assert(senders.all? { |sender| sender.value.all? })
    end
  end

  def test_data_may_be_changed_by_others_during_a_send
    gate = Queue.new
    slow = lambda do |env|
      gate.pop
      [200, {}, [Digest::MD5.hexdigest(env["rack.input"].read)]]
    end
    require "digest"
    with_puma(slow) do |url|
      data = "x" * 4_000_000
      sum = Digest::MD5.hexdigest(data)
      sender = Thread.new { Barker::Webhook.new(url: url, timeout: PATIENCE).send(data) }
      Thread.pass until sender.status == "sleep"
      data.replace("y" * 5_000_000)
      GC.start
      gate << nil
      assert_equal sum, sender.value.body
    end
  end

  def with_silent_hook(interruptible:, timeout: PATIENCE)
    hung_up = Queue.new
    serve = lambda do |client|
      hung_up << :connected
      client.read
      hung_up << :gone
    end
    with_listener(serve) do |url|
      yield Barker::Webhook.new(url: url, timeout: timeout, interruptible: interruptible), hung_up
    end
  end

  def test_an_interruptible_send_ends_at_once
    with_silent_hook(interruptible: true) do |hook, hung_up|
      before = Thread.list.size
      ways = { raise: ->(sender) { sender.raise(IOError) }, kill: :kill.to_proc }
      ways.each do |name, interrupt|
        started = now
        sender = Thread.new { hook.send("x") }
        sender.report_on_exception = false
        assert_equal :connected, hung_up.pop
        interrupt.call(sender)
        name == :kill ? sender.join : assert_raises(IOError) { sender.value }
        assert_equal :gone, hung_up.pop # the send itself has ended
        assert_operator now - started, :<, PATIENCE
      end
      assert_raises(Timeout::Error) { Timeout.timeout(0.1) { hook.send("x") } }
      assert_raises(Timeout::Error) { Timeout.timeout(0.1) { Barker.send_many([hook]) } }
      sleep 0.01 until Thread.list.size <= before + 2 # the server's for a connection
    end
  end

  def test_another_send_is_bound_by_its_timeout
    with_silent_hook(interruptible: false, timeout: 0.3) do |hook, _|
      started = now
      assert_raises(Timeout::Error) { Timeout.timeout(0.05) { hook.send("x") } }
      assert_operator now - started, :>=, 0.25
      sender = Thread.new { hook.send("x") }
      Thread.pass until sender.status == "sleep"
      sender.kill.join
      assert_raises(Barker::TimeoutError) { hook.send("x") }
    end
  end

  def test_an_interruptible_send_works_as_any_other
    with_puma(ECHO) do |url|
      hook = Barker::Webhook.new(url: url, interruptible: true)
      assert_equal "x", hook.configure(timeout: 9).send("x").body
      assert hook.interruptible
      refute hook.dup.configure(interruptible: false).interruptible
      hook.url = "http://127.0.0.1:#{free_port}/"
      assert_raises(Barker::ConnectionError) { hook.send("x") }
    end
  end

  # It would unwind the library's stack.
  def test_an_interruption_waits_for_the_log
    with_puma(ECHO) do |url|
      [true, false].each do |interruptible|
        entered = Queue.new
        gate = Queue.new
        hook = Barker::Webhook.new(url: url, interruptible: interruptible)
        hook.log(level: :info) { |*| (entered << Thread.current) && gate.pop }
        sender = Thread.new { hook.send("x") }
        entered.pop.kill
        gate << nil
        sender.join
        hook.log = nil
        assert_equal "x", hook.send("x").body
      end
    end
  end

  CONTROL_C = <<~RUBY
    require "barker"
    hook = Barker::Webhook.new(url: ARGV[0], timeout: #{PATIENCE * 2}, interruptible: true)
    hook.log { |_, line| puts line; $stdout.flush }
    begin
      hook.send("x")
    rescue Interrupt
      puts "interrupted"
    end
  RUBY

  def test_control_c
    with_silence do |url|
      with_program(ruby, "-w", "-e", CONTROL_C, url) do |output, pid|
        output.gets # the send has begun
        Process.kill(:INT, pid)
        assert_includes output.read.lines, "interrupted\n"
      end
    end
  end

  # Finalizers run in the child too: for handles that threads of the parent were sending with.
  def test_forks_amid_sends
    with_receiver do |url|
      hook = Barker::Webhook.new(url: url, timeout: PATIENCE, data: "x")
      enough = false
      senders = Array.new(4) do |i|
        Thread.new do
          statuses = []
          statuses |= i.zero? ? statuses_of_many(hook) : [hook.send.status] until enough
          statuses
        end
      end
      40.times do
        assert_equal [[204], [204]], in_child { statuses_in_child(hook) }
      end
      enough = true
      assert_equal [[204]] * 4, senders.map(&:value)
    end
  end

  def statuses_in_child(hook)
    GC.start
    [[hook.send.status], statuses_of_many(hook)]
  end

  def statuses_of_many(hook)
    Barker.send_many([hook, hook]).map(&:status).uniq
  end

  def test_the_collector_at_every_allocation
    with_puma(ECHO) do |url|
      hook = Barker::Webhook.new(url: url, headers: { "X-A" => "1" }, log: ->(*) {})
      sent = nil
      GC.stress = true
      begin
        headers = hook.sign_headers("x")
        hook.verify(headers, "x")
        hook.tolerance = 7
        Barker.generate_key_pair
      ensure
        GC.stress = false
      end
      10.times do
        GC.compact
        sent = [hook.send("x"), *Barker.send_many([hook.dup.configure(data: "y")])]
      end
      assert_equal %w[x y], sent.map(&:body)
    end
  end

  LEAKS = File.join(__dir__, "leaks.rb")

  def test_memory_stays_flat
    with_receiver do |url|
      before, after = IO.popen([ruby, "-w", LEAKS, url, "100000"], &:read).split.map(&:to_i)
      assert_operator before, :>, 0
      assert_operator after, :<, before * 1.1
    end
  end
end
