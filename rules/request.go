package rules

// A Request is one entry of a source's sketch, for aligning clocks and for
// linking a file to an address by the requests both saw.
type Request struct {
	Micros   int64  // in the source's clock
	Key      uint64 // hash of method and path (query cut), see KeyOf
	Group    uint64 // of its URL group, 0 if there is none: what is asked for by other numbers has one
	Status   int16
	Unsent   bool   // the gateway got no connection for it: nobody behind it answered
	Named    bool   // a line of an application's names its path, and does not tell of an answer
	Plain    bool   // the path is one fixed word, /health or /login, such as many an application has
	FailedAt string // upstream that an error line says failed it, "" if none does
	Upstream string // address the gateway sent it to; "" in application logs
	Stream   string
}

// methodBits are those of a key that tell the method.
const methodBits = 7

// KeyOf joins the hash of a path, or of a URL group without its method, with the method. Keys of one path
// differ in their last bits only, so that a path that is told without a method can be compared with others.
func KeyOf[T string | []byte](path uint64, method T) uint64 {
	var code uint64
	switch string(method) {
	case "":
	case "GET":
		code = 1
	case "POST":
		code = 2
	case "PUT":
		code = 3
	case "PATCH":
		code = 4
	case "DELETE":
		code = 5
	case "HEAD":
		code = 6
	default:
		code = 7
	}
	return PathOf(path) | code
}

// PathOf is a key without its method.
func PathOf(key uint64) uint64 { return key &^ methodBits }

// SamePath reports whether two keys are of one path and, where both tell it, of one method.
func SamePath(a, b uint64) bool {
	return a == b || PathOf(a) == PathOf(b) && (PathOf(a) == a || PathOf(b) == b)
}
