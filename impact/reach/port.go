package reach

// Protocol is a transport protocol, as policies write it: TCP, UDP, SCTP, ICMP.
type Protocol string

// The protocols that NetworkPolicy knows.
const (
	TCP  Protocol = "TCP"
	UDP  Protocol = "UDP"
	SCTP Protocol = "SCTP"
)

// PortRange is a range of ports of one protocol, both ends included.
type PortRange struct {
	Protocol Protocol
	From, To int
}
