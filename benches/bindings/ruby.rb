# frozen_string_literal: true

# What a send costs in Ruby: with the binding, and with Net::HTTP over a kept connection and an HMAC
# of Ruby's own openssl.
#
#   ruby ruby.rb URL COUNT barker|native
#
# Warms up, POSTs 1 KiB COUNT times and prints a line of JSON. The binding must be in the load path.

require "json"

WARM_UP = 50
DATA = ("x" * 1024).freeze

def barker_sender(url)
  require "barker"
  hook = Barker::Webhook.new(url: url)
  -> { hook.send(DATA).status }
end

def native_sender(url)
  require "net/http"
  require "openssl"
  uri = URI(url)
  http = Net::HTTP.start(uri.host, uri.port)
  lambda do
    timestamp = format("%.6f", Time.now.to_f)
    signature = OpenSSL::HMAC.hexdigest("MD5", "BARKER", "#{timestamp};#{DATA}")
    headers = { "BARKER_TIMESTAMP" => timestamp, "BARKER_SIGNATURE" => signature,
                "Content-Type" => "application/octet-stream" }
    http.post(uri.request_uri, DATA, headers).code.to_i
  end
end

def clock(id)
  Process.clock_gettime(id, :float_microsecond)
end

url, count, method = ARGV
count = Integer(count)
sender = { "barker" => :barker_sender, "native" => :native_sender }.fetch(method)
post = send(sender, url)
checked = proc do
  status = post.call
  abort "HTTP #{status}" unless status.between?(200, 299)
end

WARM_UP.times(&checked)
wall = clock(Process::CLOCK_MONOTONIC)
cpu = clock(Process::CLOCK_PROCESS_CPUTIME_ID)
count.times(&checked)
puts JSON.generate(
  wall_us: (clock(Process::CLOCK_MONOTONIC) - wall) / count,
  cpu_us: (clock(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu) / count,
  rss_kib: File.read("/proc/self/status")[/VmHWM:\s*(\d+)/, 1].to_i
)
