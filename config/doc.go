// Package config reads the configuration. In goes the text of .github/netpol-impact.yaml; out comes a [Config], or
// errors that name the line. It gives every setting its default and does not act on any.
package config
