module meshproof/images/linkerd

go 1.26.0

// Linkerd is in no package registry. Its kinds are those of its own command; those of the Gateway API that it understands are of this version.
require sigs.k8s.io/gateway-api v1.5.1
