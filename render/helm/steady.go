package helm

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
	_ "time/tzdata"
)

// steadyTime is what `now` says.
var steadyTime = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// steadyFuncs replaces the template functions whose result changes from render to render. A result depends on the
// release, the function and its arguments, and not on the calls before it: a call that is added in one template must
// not change what another one renders to.
func steadyFuncs(release string) template.FuncMap {
	random := func(alphabet string) func(count int) string {
		return func(count int) string { return word(release, alphabet, count) }
	}
	cert := func(kind string) func(args ...any) certificate {
		return func(args ...any) certificate { return steadyCertificate(release, kind, args) }
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	return template.FuncMap{
		"randAlphaNum": random(letters + digits),
		"randAlpha":    random(letters),
		"randNumeric":  random(digits),
		"randAscii":    random(letters + digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~"),
		"randBytes": func(count int) string {
			return base64.StdEncoding.EncodeToString([]byte(word(release, letters, count)))
		},
		"randInt": func(from, to int) int {
			if to <= from {
				return from
			}
			return from + int(binary.BigEndian.Uint32(hash(release, "randInt", from, to))%uint32(to-from))
		},
		"shuffle": func(s string) string { return s },
		"uuidv4": func() string {
			h := fmt.Sprintf("%x", hash(release, "uuid"))
			return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
		},
		"now":            func() time.Time { return steadyTime },
		"ago":            func(any) string { return "0s" },
		"date":           func(layout string, at any) string { return timeOf(at).Format(layout) },
		"dateInZone":     dateInZone,
		"date_in_zone":   dateInZone,
		"htmlDateInZone": func(at any, zone string) string { return dateInZone(time.DateOnly, at, zone) },
		"htmlDate":       func(at any) string { return timeOf(at).Format(time.DateOnly) },
		"bcrypt":         func(password string) string { return "$2a$10$" + word(release, letters+digits, 53) },
		"htpasswd": func(user, password string) string {
			return user + ":$2a$10$" + word(release+password, letters+digits, 53)
		},
		"encryptAES": func(password, text string) string {
			return base64.StdEncoding.EncodeToString(hash(release, "encryptAES", password, text))
		},
		"genPrivateKey":            func(kind string) string { return pem(strings.ToUpper(kind)+" PRIVATE KEY", hash(release, kind)) },
		"genCA":                    cert("CA"),
		"genCAWithKey":             cert("CA with key"),
		"genSelfSignedCert":        cert("self-signed"),
		"genSelfSignedCertWithKey": cert("self-signed with key"),
		"genSignedCert":            cert("signed"),
		"genSignedCertWithKey":     cert("signed with key"),
		"buildCustomCert": func(certificate64, key64 string) (certificate, error) {
			cert, err := base64.StdEncoding.DecodeString(certificate64)
			if err != nil {
				return certificate{}, fmt.Errorf("decoding the certificate: %w", err)
			}
			key, err := base64.StdEncoding.DecodeString(key64)
			return certificate{Cert: string(cert), Key: string(key)}, err
		},
		"keys": func(dicts ...map[string]any) []string {
			var all []string
			for _, d := range dicts {
				all = append(all, slices.Sorted(maps.Keys(d))...)
			}
			return all
		},
		"values": func(dict map[string]any) []any {
			all := []any{}
			for _, key := range slices.Sorted(maps.Keys(dict)) {
				all = append(all, dict[key])
			}
			return all
		},
	}
}

// timeOf reads what templates give as a time, in UTC; the engine takes the machine's zone, and now for what is no time.
func timeOf(at any) time.Time {
	switch at := at.(type) {
	case time.Time:
		return at.UTC()
	case *time.Time:
		return at.UTC()
	case int64:
		return time.Unix(at, 0).UTC()
	case int:
		return time.Unix(int64(at), 0).UTC()
	case int32:
		return time.Unix(int64(at), 0).UTC()
	}
	return steadyTime
}

// dateInZone takes UTC for a zone that there is not, as sprig does. The zones are built in: where charts are rendered no
// file of the system can be read.
func dateInZone(layout string, at any, zone string) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	return timeOf(at).In(location).Format(layout)
}

// certificate has the fields that templates read.
type certificate struct{ Cert, Key string }

func steadyCertificate(release, kind string, args []any) certificate {
	return certificate{
		Cert: pem("CERTIFICATE", hash(release, kind, fmt.Sprint(args...))),
		Key:  pem("RSA PRIVATE KEY", hash(release, kind+" key", fmt.Sprint(args...))),
	}
}

// pem looks like a key or a certificate and is none: nobody may take what an analysis prints for a secret.
func pem(kind string, contents []byte) string {
	return "-----BEGIN " + kind + "-----\n" + base64.StdEncoding.EncodeToString(contents) + "\n-----END " + kind + "-----\n"
}

func hash(parts ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}

// word makes count letters of an alphabet.
func word(seed, alphabet string, count int) string {
	const longest = 1 << 20
	var b strings.Builder
	for block := 0; b.Len() < min(count, longest); block++ {
		for _, c := range hash(seed, alphabet, block) {
			if b.Len() < count {
				b.WriteByte(alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return b.String()
}
