# frozen_string_literal: true

# Prints how many KiB this process has after a warm-up, and after COUNT calls of every kind.
#
#   ruby leaks.rb URL COUNT

require "barker"
require "socket"

# A receiver whose answers have headers and a body.
def with_answers
  listener = TCPServer.new("127.0.0.1", 0)
  answer = "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 2000\r\n\r\n#{'x' * 2000}"
  server = Thread.new do
    client = listener.accept
    client.setsockopt(:TCP, :NODELAY, true)
    loop do
      head = client.gets("\r\n\r\n")
      client.read(head[/content-length: *(\d+)/i, 1].to_i)
      client.write(answer)
    end
  end
  yield "http://127.0.0.1:#{listener.addr[1]}/"
ensure
  server&.kill
end

def failure
  yield
  raise "it succeeded"
rescue Barker::Error
  nil
end

def kib
  GC.start
  File.read("/proc/self/status")[/VmRSS:\s*(\d+)/, 1].to_i
end

with_answers do |answering|
  hook = Barker::Webhook.new(url: ARGV[0], data: "x" * 1024, log: { level: :info, to: ->(*) {} })
  talker = Barker::Webhook.new(url: answering, secrets: { standard: Barker.generate_secret })
  interruptible = hook.dup.configure(data: "y", interruptible: true)
  nobody = Barker::Webhook.new(url: "http://127.0.0.1:1/")
  headers = hook.sign_headers("x")
  calls = [
    -> { hook.send }, -> { hook.send("z" * 1000) }, -> { hook.verify(headers, "x") },
    -> { failure { hook.verify(headers, "y") } }, -> { talker.send("x", id: "id") },
    -> { failure { nobody.send } }, -> { failure { hook.url = "nonsense" } }, -> { hook.sign("x") },
    -> { Barker.send_many([hook]) { |_, response| response.status } }, -> { interruptible.send },
    -> { hook.dup.configure(key: "k", headers: { "X-A" => "1" }, timeout: 2) },
    -> { Barker.generate_key_pair }, -> { hook.log { |*| nil } }
  ]
  run = ->(count) { count.times { |i| calls[i % calls.size].call } }
  run.call(ARGV[1].to_i / 4)
  before = kib
  run.call(ARGV[1].to_i)
  puts "#{before} #{kib}"
end
