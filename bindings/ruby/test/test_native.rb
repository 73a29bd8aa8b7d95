# frozen_string_literal: true

# Holds the binding to what declarations.rb has of barker.h.
class TestNative < Minitest::Test
  NATIVE = Barker.const_get(:Native)

  # What the language itself, or another function, does instead.
  UNNEEDED = {
    "version_number" => "version has the text",
    "webhook_set_key" => "webhook_set_secret with the scheme :barker",
    "webhook_response_header" => "Response::Headers finds it",
    "retry_judge" => "Retry#judge is given what the send returned or raised",
    "webhook_preload_ca" => "a thread that waits may as well read them",
    **%w[new free set_limits add fd timeout step next count wake].to_h do |name|
      ["engine_#{name}", "sends wait in threads"]
    end
  }.freeze

  HEADER = File.read(File.join(LAYOUT, "include/barker.h")).gsub(%r{/\*.*?\*/}m, "").freeze

  # A setter of one value is called by its option's name.
  def test_every_function_is_used_or_unneeded
    code = Dir[File.join(ROOT, "lib/**/*.rb")].reject { |path| path.end_with?("/declarations.rb") }
                                              .map { |path| File.read(path) }.join
    used = NATIVE::FUNCTIONS.keys.map(&:name).select do |name|
      code.match?(/\b#{name}\b(?!:)/) ||
        (name.start_with?("webhook_set_") && code.match?(/^ *set :#{name[12..]},/))
    end
    assert_empty used & UNNEEDED.keys
    assert_equal NATIVE::FUNCTIONS.keys.map(&:name).sort, (used | UNNEEDED.keys).sort
    used.each { |name| assert_respond_to NATIVE, name }
  end

  def test_every_status_has_a_class_and_a_sentence
    statuses = NATIVE::ENUMERATIONS["barker_status"].except(:ok)
    assert_operator statuses.size, :>, 30
    statuses.each do |name, status|
      error = Barker::Error.of(status, NATIVE.status_string(status))
      refute_equal Barker::Error, error.class, name
      refute_equal Barker::DeliveryError, error.class, "#{name} wants a class of its own"
      refute_equal Barker::VerificationError, error.class, "#{name} wants a class of its own"
      assert_equal status, error.status
      refute_equal "unknown status", error.message
    end
  end

  def test_a_status_of_a_newer_library_has_the_class_of_its_hundred
    assert_instance_of Barker::DeliveryError, Barker::Error.of(299, "later")
    assert_instance_of Barker::VerificationError, Barker::Error.of(399, "later")
    assert_instance_of Barker::Error, Barker::Error.of(599, "later")
  end

  def test_the_structures_are_those_of_c
    assert_equal %w[data len capacity reserved],
                 HEADER[/typedef struct barker_buffer \{(.*?)\}/m, 1].scan(/(\w+);/).flatten
    assert_equal NATIVE::Buffer.members.map(&:to_s), %w[data len capacity reserved]
    assert_equal %w[name value],
                 HEADER[/typedef struct barker_header \{(.*?)\}/m, 1].scan(/(\w+);/).flatten
  end

  def test_the_versions_agree
    assert_equal HEADER[/BARKER_VERSION "(.*)"/, 1], Barker::VERSION
    assert_equal Barker::VERSION, Barker.library_version
  end

  def test_a_library_that_is_not_there_is_named
    out = IO.popen([{ "BARKER_LIBRARY" => "/nowhere/libbarker.so.0" }, Support.ruby, "-e",
                    "begin; require 'barker'; rescue LoadError => e; print e.message; end"], &:read)
    assert_match %r{/nowhere/libbarker.so.0.*BARKER_LIBRARY}m, out
  end
end
