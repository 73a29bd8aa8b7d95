# frozen_string_literal: true

# Prints each webhook that comes in and whether its signature is right.
#
#   ruby receive.rb [--key KEY] [--count N] [PORT]
#
# Listens on 127.0.0.1 only, on a port that the kernel chooses unless PORT is set. With --count it
# exits after that many requests. Needs Rack and Puma.

require "barker"
require "optparse"
require "puma"
require "puma/server"
require "rack"

$stdout.sync = true

def usage
  warn "usage: receive.rb [--key KEY] [--count N] [PORT]"
  exit 2
end

options = { key: "BARKER", count: 0 }
begin
  port, *rest = OptionParser.new do |parser|
    parser.on("--key KEY")
    parser.on("--count N", /\A\d{1,9}\z/, &:to_i)
  end.parse(ARGV, into: options)
rescue OptionParser::ParseError
  usage
end
usage unless rest.empty? && (port.nil? || port.match?(/\A\d{1,5}\z/) && port.to_i <= 65_535)

# Prints what came, and how the application behind it answers.
class Report
  def initialize(app)
    @app = app
  end

  def call(env)
    status, headers, body = @app.call(env)
    %w[BARKER_TIMESTAMP BARKER_SIGNATURE].each do |name|
      puts "#{name}: #{env["HTTP_#{name}"]}" if env["HTTP_#{name}"]
    end
    puts "#{env['CONTENT_LENGTH'].to_i} bytes: #{status == 204 ? 'valid' : body.join.chomp}"
    [status, headers, body]
  end
end

# Ends the server after a number of requests.
class Countdown
  attr_writer :server

  def initialize(app, count)
    @app = app
    @left = count
  end

  def call(env)
    @app.call(env)
  ensure
    @server.stop if (@left -= 1).zero?
  end
end

hook = Barker::Webhook.new(key: options[:key])
receiver = Rack::Builder.app do
  use Report
  use Barker::Rack::Verify, hook, limit: 16 * 1024 * 1024
  run ->(_env) { [204, {}, []] }
end
app = Countdown.new(receiver, options[:count])

server = Puma::Server.new(app)
app.server = server
server.min_threads = server.max_threads = 1
begin
  server.add_tcp_listener("127.0.0.1", port.to_i)
rescue SystemCallError => e
  abort "receive: #{e.message}"
end
puts "listening on http://127.0.0.1:#{server.connected_ports.first}/"
server.run.join
