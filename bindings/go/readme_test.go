package barker_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What README.md shows stands in the examples, which are compiled and run; its links lead somewhere.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	snippets := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1)
	if len(snippets) < 5 {
		t.Fatalf("only %d snippets", len(snippets))
	}
	for _, snippet := range snippets {
		if !strings.Contains(unindented(string(examples)), unindented(snippet[1])) {
			t.Errorf("not in example_test.go:\n%s", snippet[1])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(readme), -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Error(err)
		}
	}
}

func unindented(text string) string {
	return regexp.MustCompile(`(?m)^[\t ]+`).ReplaceAllString(text, "")
}
