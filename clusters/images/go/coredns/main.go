// CoreDNS with only the plug-ins of a kubeadm cluster's Corefile: the full set compiles several times longer.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"

	"github.com/coredns/coredns/coremain"
)

// A Corefile may use only directives that are compiled in, in this order of execution.
func init() {
	dnsserver.Directives = []string{
		"reload", "metrics", "prometheus", "errors", "log", "health", "ready",
		"cache", "loadbalance", "kubernetes", "loop", "forward",
	}
}

func main() { coremain.Run() }
