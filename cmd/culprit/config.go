package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// withConfig puts the flags of the --config file in front of those that were typed,
// so that what is typed wins. A key that is no flag is an error, not ignored.
func withConfig(parser *kong.Kong, args []string) ([]string, error) {
	path := configPath(args)
	if path == "" {
		return args, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read --config: %w", err)
	}
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("read --config %s: %w", path, err)
	}
	command := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if command < 0 {
		return args, nil
	}
	set, err := configFlags(parser, path, args[command], keys)
	if err != nil {
		return nil, err
	}
	return slices.Concat(args[:command+1], set, args[command+1:]), nil
}

func configPath(args []string) string {
	for i, a := range args {
		if a == "--" {
			return ""
		}
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// configFlags turns keys into flags of the command, in the order of their names.
// Keys of flags that only another command has are left out.
func configFlags(parser *kong.Kong, path, command string, keys map[string]yaml.Node) ([]string, error) {
	own, all := map[string]bool{}, map[string]bool{}
	for _, f := range parser.Model.Flags {
		own[f.Name], all[f.Name] = true, true
	}
	for _, c := range parser.Model.Children {
		for _, f := range c.Flags {
			all[f.Name] = true
			own[f.Name] = own[f.Name] || c.Name == command
		}
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		node := keys[name]
		switch {
		case !all[name] || name == "config":
			return nil, fmt.Errorf("read --config %s:%d: %q is no flag", path, node.Line, name)
		case !own[name]:
			continue
		case node.Kind == yaml.SequenceNode:
			for _, item := range node.Content {
				set = append(set, "--"+name+"="+item.Value)
			}
		case node.Kind == yaml.ScalarNode:
			set = append(set, "--"+name+"="+node.Value)
		default:
			return nil, fmt.Errorf("read --config %s:%d: %q needs a value or a list", path, node.Line, name)
		}
	}
	return set, nil
}
