# frozen_string_literal: true

# Signs data and posts it to a URL.
#
#   ruby send.rb URL [--key KEY] [DATA | -]
#
# Exit status: 0 the receiver answered 2xx, 1 it did not or could not be asked, 2 wrong usage.

require "barker"
require "optparse"

def usage
  warn "usage: send.rb URL [--key KEY] [DATA | -]"
  exit 2
end

options = {}
begin
  url, data, *rest = OptionParser.new { |parser| parser.on("--key KEY") }.parse(ARGV, into: options)
rescue OptionParser::ParseError
  usage
end
usage if url.nil? || rest.any?
data = $stdin.binmode.read if data == "-"

begin
  response = Barker::Webhook.new(url: url, **options).send(data || "")
rescue Barker::Error => e
  abort "send: #{e.message}"
end
puts "HTTP #{response.status}"
puts "BARKER_TIMESTAMP: #{response.timestamp}"
puts "BARKER_SIGNATURE: #{response.signature}"
puts response.body unless response.body.empty?
exit response.success?
