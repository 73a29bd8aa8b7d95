package barker_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unneeded are the functions of barker.h whose part Go plays itself.
var unneeded = map[string]string{
	"barker_webhook_set_key":         "WithKey is WithSecret for SchemeBarker",
	"barker_webhook_send":            "Send is given the data",
	"barker_version_number":          "the version's text",
	"barker_webhook_data":            "who calls WithData has it",
	"barker_webhook_tolerance":       "who calls WithTolerance has it",
	"barker_webhook_response_header": "http.Header.Get",
	"barker_retry_judge":             "Judge is given what Send returned",
	"barker_webhook_preload_ca":      "a goroutine that waits may as well read them",
	"barker_engine_new":              "goroutines wait",
	"barker_engine_free":             "goroutines wait",
	"barker_engine_set_limits":       "goroutines wait",
	"barker_engine_add":              "goroutines wait",
	"barker_engine_fd":               "goroutines wait",
	"barker_engine_timeout":          "goroutines wait",
	"barker_engine_step":             "goroutines wait",
	"barker_engine_next":             "goroutines wait",
	"barker_engine_count":            "goroutines wait",
	"barker_engine_wake":             "goroutines wait",
}

var comments = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)

// header returns barker.h without its comments.
func header(t *testing.T) string {
	t.Helper()
	directory, err := exec.Command("pkg-config", "--variable=includedir", "barker").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(directory)), "barker.h"))
	if err != nil {
		t.Fatal(err)
	}
	return comments.ReplaceAllString(string(text), "")
}

// source returns the text of the binding.
func source(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, pattern := range []string{"*.go", "glue.c"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(comments.ReplaceAll(content, nil))
		}
	}
	return text.String()
}

func names(text, pattern string) map[string]bool {
	found := map[string]bool{}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[match[1]] = true
	}
	return found
}

// What the header has, the binding has.
func TestHeader(t *testing.T) {
	used := names(source(t), `\b(barker_\w+)\(`)
	declared := names(header(t), `\b(barker_\w+)\(`)
	if len(declared) < 60 {
		t.Fatalf("the header declares only %v", declared)
	}
	for name := range declared {
		if used[name] == (unneeded[name] != "") {
			t.Errorf("%s must be either used or among the unneeded", name)
		}
	}
	for name := range unneeded {
		if !declared[name] {
			t.Errorf("%s is unneeded, but the header has no such function", name)
		}
	}

	constants := names(source(t), `\bC\.(BARKER_\w+)`)
	for name := range names(header(t), `\b(BARKER_\w+) = \d`) {
		if !constants[name] {
			t.Errorf("%s has no name in Go", name)
		}
	}
}
