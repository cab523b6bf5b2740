//go:build tools

// Package jaeger pins the modules that Jaeger's all-in-one program is built from.
package jaeger

import _ "github.com/jaegertracing/jaeger/cmd/all-in-one"
