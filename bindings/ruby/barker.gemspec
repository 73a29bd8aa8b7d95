# frozen_string_literal: true

require_relative "lib/barker/version"

Gem::Specification.new do |spec|
  spec.name = "barker"
  spec.version = Barker::VERSION
  spec.summary = "Sends signed webhooks and verifies received ones"
  spec.description = "A Ruby binding to libbarker: webhooks of Standard Webhooks, GitHub, Stripe, " \
                     "the Python package barker and others, with a Rack middleware."
  spec.authors = ["The barker authors"]
  spec.licenses = %w[MIT Apache-2.0]
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "examples/*.rb", "README.md"] }
  spec.add_dependency "ffi", "~> 1.15"
  spec.metadata["rubygems_mfa_required"] = "true"
end
