# frozen_string_literal: true

# Holds the binding to barker.h: every function, with its types, and every number.
class TestNative < Minitest::Test
  NATIVE = Barker.const_get(:Native)

  # What the language itself, or another function, does instead.
  UNNEEDED = {
    "version_number" => "version has the text",
    "webhook_set_key" => "webhook_set_secret with the scheme :barker",
    "webhook_response_header" => "Response::Headers finds it"
  }.freeze

  TYPES = {
    /\A(const )?char \*\z/ => :string,
    /\Aconst void \*\z/ => :buffer_in,
    /\*/ => :pointer,
    /\A(int32_t|barker_(status|scheme|spelling|addresses|tls|log_level))\z/ => :int32,
    /\A(barker_log|barker_progress)\z/ => :pointer,
    /\Auint32_t\z/ => :uint32,
    /\Auint16_t\z/ => :uint16,
    /\Asize_t\z/ => :size_t,
    /\Avoid\z/ => :void
  }.freeze

  HEADER = File.read(File.join(LAYOUT, "include/barker.h")).gsub(%r{/\*.*?\*/}m, "").freeze

  def declared
    HEADER.scan(/^([a-z][\w ]*?[ *]+)barker_(\w+)\(([^)]*)\);/m).to_h do |result, name, parameters|
      types = parameters.split(",").map { |each| each.strip.sub(/\w+\z/, "") }
      types = [] if parameters == "void"
      [name, [types.map { |type| type_of(type) }, result_of(result)]]
    end
  end

  def type_of(text)
    text = text.gsub(/\s+/, " ").strip
    TYPES.find { |pattern, _| text.match?(pattern) }&.last || flunk("what is #{text.inspect}?")
  end

  # Bytes that are given back are read through a pointer.
  def result_of(text)
    type = type_of(text)
    type == :buffer_in ? :pointer : type
  end

  def test_every_function_is_attached_with_its_types_or_unneeded
    declared = self.declared
    assert_operator declared.size, :>, 50
    assert_equal HEADER.scan(/\bbarker_(\w+)\(/).flatten.sort, declared.keys.sort
    attached = NATIVE::FUNCTIONS.to_h { |name, (types, result, _)| [name.to_s, [types, result]] }
    assert_equal declared.except(*UNNEEDED.keys), attached
    assert_empty UNNEEDED.keys - declared.keys
    attached.each_key { |name| assert_respond_to NATIVE, name }
  end

  def test_every_attached_function_is_used
    code = Dir[File.join(ROOT, "lib/**/*.rb")].map { |file| File.read(file) }.join
    NATIVE::FUNCTIONS.each_key do |name|
      assert_match(/\b#{name}\b(?!:)/, code)
    end
  end

  def numbers(prefix)
    HEADER.scan(/^\s*BARKER_#{prefix}_(\w+) = (\d+)/).to_h { |name, number| [name, number.to_i] }
  end

  def test_every_number_is_known
    { "SCHEME" => NATIVE::SCHEMES, "SPELLING" => NATIVE::SPELLINGS,
      "ADDRESSES" => NATIVE::ADDRESSES, "LOG" => NATIVE::LOG }.each do |prefix, names|
      assert_equal numbers(prefix), names.transform_keys { |name| name.name.upcase }
    end
    tls = NATIVE::TLS.transform_keys { |name| name.name.delete_prefix("TLS") }
    assert_equal numbers("TLS"), tls
  end

  def test_every_status_has_a_class_and_a_sentence
    statuses = numbers("ERR")
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
