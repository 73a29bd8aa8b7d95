# frozen_string_literal: true

module Barker
  VERSION = "0.1.0"
end
