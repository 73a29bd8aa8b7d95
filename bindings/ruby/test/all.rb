# frozen_string_literal: true

# Runs the tests of the binding against the library as `make build` lays it out:
#
#   ruby -w all.rb DIRECTORY [MINITEST-OPTIONS]

LAYOUT = File.expand_path(ARGV.shift)
ROOT = File.expand_path("..", __dir__)
ENV["BARKER_LIBRARY"] = File.join(LAYOUT, "lib/libbarker.so.0")
ENV["RUBYLIB"] = File.join(ROOT, "lib")
$LOAD_PATH.unshift(File.join(ROOT, "lib"))

# A warning about a file of ours is a failure.
OWN_WARNINGS = []
Warning.singleton_class.prepend(
  Module.new do
    def warn(message, **)
      OWN_WARNINGS << message if message.include?(ROOT)
      super
    end
  end
)

require "minitest/autorun"
Minitest.after_run { abort "there were warnings" unless OWN_WARNINGS.empty? }
require "barker"
require_relative "support"

Dir[File.join(__dir__, "test_*.rb")].sort.each { |file| require file }

# What `ruby -w` warns of when it reads a file, also one that no test loads.
class TestWarnings < Minitest::Test
  def test_no_file_of_ours_warns
    Dir[File.join(ROOT, "**/*.rb"), File.expand_path("../../benches/bindings/ruby.rb", ROOT)]
      .each { |file| assert_equal "Syntax OK\n", `#{Gem.ruby} -wc #{file} 2>&1`, file }
  end
end
