# frozen_string_literal: true

require "rack"
require "tmpdir"

# Everything that README.md shows is run, and so are the examples and the gem itself.
class TestReadme < Minitest::Test
  include Support

  README = File.read(File.join(ROOT, "README.md")).freeze
  BLOCKS = README.scan(/^```(\w*)\n(.*?)^```$/m).freeze

  def blocks(language)
    BLOCKS.filter_map { |found, code| code if found == language }
  end

  def test_every_block_is_run
    assert_equal 2 * BLOCKS.size, README.scan(/^\s*```/).size
    assert_equal %w[ruby sh], BLOCKS.map(&:first).uniq.sort
    assert_equal 1, blocks("sh").size
    assert_equal 1, rack_blocks.size
    assert_operator blocks("ruby").size, :>, 6
  end

  def rack_blocks
    blocks("ruby").grep(/^ *use /)
  end

  # Against a receiver in the place of receiver.example, whose address is not a public one.
  def test_ruby
    with_puma(->(_) { [200, { "content-type" => "text/plain" }, ["taken"]] }) do |url|
      outputs = (blocks("ruby") - rack_blocks).map do |code|
        code = code.gsub("https://receiver.example/", url)
        command = [ruby, "-w", "-rbarker", "-rtimeout", "-e", code, { err: %i[child out] }]
        IO.popen(command, &:read).tap do |out|
          assert_predicate $?, :success?, "#{code}\n#{out}"
          refute_match(/warning/, out)
        end
      end
      assert_equal "200\ntext/plain\ntaken\n", outputs.first
    end
  end

  def test_rack
    ENV["SECRET"] = Barker.generate_secret
    app = Rack::Builder.new.tap { |builder| builder.instance_eval(rack_blocks.first) }.to_app
    headers = Barker::Webhook.new(secrets: { standard: ENV.fetch("SECRET") }).sign_headers("x")
    headers.transform_keys! { |name| "HTTP_#{name.upcase.tr('-', '_')}" }
    request = Rack::MockRequest.new(app)
    assert_equal 401, request.post("/hook", { input: "y" }.merge(headers)).status
    assert_equal "x", request.post("/hook", { input: "x" }.merge(headers)).body
  ensure
    ENV.delete("SECRET")
  end

  def test_options_links_and_classes
    options = README.scan(/^\| (?!what \||---).*?\| (.*) \|$/).flatten.join.scan(/`(\w+)`/).flatten
    assert_equal (Barker::Settings::OPTIONS + [:interruptible]).sort, options.map(&:to_sym).sort
    README.scan(/\]\(([^)]+)\)/).flatten.each { |path| assert_path_exists File.join(ROOT, path) }
    classes = Barker.constants.map { |name| Barker.const_get(name) }
                    .grep(Class).select { |each| each < Barker::Error }
    classes.each { |each| assert_includes README, "`#{each.name.delete_prefix('Barker::')}`" }
  end

  # The gem is built and installed, without any network, as the README says.
  def test_gem
    Dir.mktmpdir do |scratch|
      FileUtils.cp_r(ROOT, File.join(scratch, "ruby"))
      File.write(File.join(scratch, "gemrc"), "install: --local --no-document\n")
      environment = { "GEM_HOME" => File.join(scratch, "home"), "RUBYLIB" => nil,
                      "GEMRC" => File.join(scratch, "gemrc"), "GEM_PATH" => Gem.path.join(":") }
      in_scratch = { chdir: File.join(scratch, "ruby"), err: %i[child out] }
      out = IO.popen(environment, ["sh", "-ec", blocks("sh").first], **in_scratch, &:read)
      assert_predicate $?, :success?, out
      assert_empty out.lines.grep(/WARNING/).grep_v(/no homepage|for help$/)
      program = "require 'barker'; print Barker::VERSION, Barker::Rack::Verify, $\".grep(/webhook/)"
      environment["GEM_PATH"] = "#{environment['GEM_HOME']}:#{environment['GEM_PATH']}"
      out = IO.popen(environment, [ruby, "-w", "-e", program], **in_scratch, &:read)
      assert_match(/\A#{Barker::VERSION}Barker::Rack::Verify.*#{scratch}/, out)
    end
  end

  EXAMPLES = File.join(ROOT, "examples")

  def example_send(*arguments)
    out = IO.popen([ruby, "-w", "#{EXAMPLES}/send.rb", *arguments, { err: %i[child out] }], &:read)
    [$?.exitstatus, out]
  end

  def test_examples
    with_program(ruby, "-w", "#{EXAMPLES}/receive.rb", "--key", "k", "--count", "3") do |output, pid|
      url = output.gets[%r{\Alistening on (http://127.0.0.1:\d+/)$}, 1]
      status, out = example_send(url, "--key", "k", "caf\u00e9")
      assert_match(/\AHTTP 204\nBARKER_TIMESTAMP: [\d.]+\nBARKER_SIGNATURE: \h{32}\n\z/, out)
      assert_equal 0, status
      assert_equal out.lines.drop(1) << "5 bytes: valid\n", Array.new(3) { output.gets }
      status, out = example_send(url)
      assert_match(/\AHTTP 401\n.*the signature does not match$/m, out)
      assert_equal 1, status
      assert_equal "0 bytes: the signature does not match\n", Array.new(3) { output.gets }.last
      assert system(File.join(LAYOUT, "bin/send"), url, "--key", "k", "x", out: File::NULL)
      assert_equal "1 bytes: valid\n", output.read.lines.last
      assert_equal 0, Process.wait2(pid).last.exitstatus
    end
  end

  def test_examples_used_wrongly
    [[], ["http://x/", "--key"], %w[http://x/ a b], ["--nope"]].each do |arguments|
      assert_equal [2, "usage: send.rb URL [--key KEY] [DATA]\n"], example_send(*arguments)
    end
    assert_equal 1, example_send("nonsense").first
    [%w[--count x], ["--key"], ["70000"], %w[1 2]].each do |arguments|
      command = [ruby, "-w", "#{EXAMPLES}/receive.rb", *arguments, { err: %i[child out] }]
      out = IO.popen(command, &:read)
      assert_match(/\Ausage: receive.rb/, out)
      assert_equal 2, $?.exitstatus
    end
  end
end
