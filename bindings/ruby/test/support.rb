# frozen_string_literal: true

require "fileutils"
require "puma"
require "puma/server"
require "rbconfig"
require "set"
require "socket"
require "stringio"
require "timeout"

# What the tests share: servers on the loopback, and other processes.
module Support
  PATIENCE = 30 # seconds

  module_function

  # Runs a Rack application in Puma, in this process; yields its URL.
  def with_puma(app)
    server = Puma::Server.new(app)
    server.add_tcp_listener("127.0.0.1", 0)
    server.run
    yield "http://127.0.0.1:#{server.connected_ports.first}/"
  ensure
    server&.stop(true)
  end

  # Calls `serve` with each connection, in a thread of its own; yields the URL.
  def with_listener(serve)
    listener = TCPServer.new("127.0.0.1", 0)
    threads = Queue.new
    acceptor = Thread.new do
      loop { threads << Thread.new(listener.accept) { |client| serve.call(client) } }
    end
    yield "http://127.0.0.1:#{listener.addr[1]}/"
  ensure
    acceptor&.kill
    threads.pop.kill until threads.nil? || threads.empty?
    listener&.close
  end

  # A receiver that takes connections and never answers.
  def with_silence(&block)
    with_listener(->(client) { client.read }, &block)
  end

  # The receiver of the benchmarks, which answers 204, in a process of its own; yields its URL.
  def with_receiver
    program = File.expand_path("../tests/ruby-receiver", LAYOUT)
    source = File.expand_path("../../benches/receiver.c", ROOT)
    FileUtils.mkdir_p(File.dirname(program))
    system("cc", "-O2", "-I#{LAYOUT}/include", source, "-o", program, exception: true)
    IO.popen([program, "0"], "r+") { |port| yield "http://127.0.0.1:#{port.gets.to_i}/" }
  end

  # A program of ours, ended when the block ends: yields what reads its output, and its id.
  def with_program(*command, **options)
    reader, writer = IO.pipe
    pid = spawn(*command, out: writer, **options)
    writer.close
    Timeout.timeout(PATIENCE) { yield reader, pid }
  ensure
    writer&.close
    stop(pid) if pid
    reader&.close
  end

  # Ends a child of ours and gives its status; by force if it does not listen.
  def stop(pid)
    Process.kill(:TERM, pid)
    Timeout.timeout(PATIENCE) { Process.wait2(pid).last }
  rescue Timeout::Error
    Process.kill(:KILL, pid)
    Process.wait2(pid).last
  rescue Errno::ESRCH, Errno::ECHILD
    nil
  end

  # Runs the block in a forked process: gives what it returned, or raises if it died.
  def in_child
    reader, writer = IO.pipe
    pid = fork do
      reader.close
      outcome = begin
        yield
      rescue Exception => e
        "raised #{e.full_message(highlight: false)}"
      end
      writer.write(Marshal.dump(outcome))
      writer.close
      exit!(0)
    end
    writer.close
    outcome = Timeout.timeout(PATIENCE) { reader.read }
    status = Process.wait2(pid).last
    raise "the child ended with #{status}" unless status.success?

    Marshal.load(outcome)
  ensure
    reader&.close
  end

  def ruby
    RbConfig.ruby
  end

  def free_port
    TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
