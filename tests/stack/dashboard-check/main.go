// Command dashboard-check validates Grafana dashboards against Grafana's own types.
//
// Each file named on the command line is decoded strictly (unknown fields, missing
// required ones and wrong types are errors) and then validated. The exit status is
// 0 if every file is valid, 1 if one is not, and 2 if the command line is wrong.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	files := os.Args[1:]
	if len(files) == 0 {
		fmt.Fprintln(os.Stderr, "usage: dashboard-check FILE...")
		os.Exit(2)
	}
	plugins.RegisterDefaultPlugins()
	if !checkAll(files, os.Stderr) {
		os.Exit(1)
	}
}

// checkAll writes every problem as `FILE: PROBLEM` and reports whether there was none.
func checkAll(files []string, out io.Writer) bool {
	valid := true
	for _, file := range files {
		for _, problem := range check(file) {
			valid = false
			fmt.Fprintf(out, "%s: %s\n", file, problem)
		}
	}
	return valid
}

func check(file string) []string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	// The SDK reads `null` as a dashboard without fields.
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) || !json.Valid(raw) {
		return []string{"not a JSON object"}
	}
	var strict, board dashboard.Dashboard
	problems := messages(strict.UnmarshalJSONStrict(raw))
	// Strict decoding checks panels but does not keep them, so the rest looks at a
	// second, plain decoding.
	if err := json.Unmarshal(raw, &board); err != nil {
		return append(problems, messages(err)...)
	}
	problems = append(problems, messages(board.Validate())...)
	return append(problems, unknownPanels(board)...)
}

// unknownPanels names the panels whose type Grafana does not ship: the SDK takes
// the options of such a panel unseen.
func unknownPanels(board dashboard.Dashboard) []string {
	var problems []string
	for i, item := range board.Panels {
		panels := []dashboard.Panel{}
		if item.Panel != nil {
			panels = append(panels, *item.Panel)
		}
		if item.RowPanel != nil {
			panels = append(panels, item.RowPanel.Panels...)
		}
		for _, panel := range panels {
			if _, known := cog.ConfigForPanelcfgVariant(panel.Type); !known {
				problems = append(problems, fmt.Sprintf("panels[%d]: unknown panel type %q", i, panel.Type))
			}
		}
	}
	return problems
}

// messages takes an error of the SDK apart. The SDK returns an empty, typed list
// when it found nothing, so comparing with nil does not tell.
func messages(err error) []string {
	var list cog.BuildErrors
	if !errors.As(err, &list) {
		if err == nil {
			return nil
		}
		return []string{err.Error()}
	}
	texts := make([]string, 0, len(list))
	for _, item := range list {
		texts = append(texts, item.Error())
	}
	return texts
}
