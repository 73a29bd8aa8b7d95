package barker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"net/http"

	"barker.example/barker"
)

// identity is a certificate and its key, in PEM as well.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem, keyPEM []byte
}

// newIdentity makes one that the issuer signs; an authority if that is nil.
func newIdentity(t testing.TB, serial int64, issuer *identity) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprint("barker's test ", serial)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true,
	}
	signer := &identity{certificate: template, key: key}
	if issuer == nil {
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	} else {
		signer = issuer
		template.DNSNames = []string{"receiver.example"}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{certificate, key,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})}
}

// crl is a list of the issuer that revokes this certificate.
func crl(t testing.TB, issuer, revoked *identity) []byte {
	t.Helper()
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificates: []pkix.RevokedCertificate{
			{SerialNumber: revoked.certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)},
		},
	}, issuer.certificate, issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

func TestTLS(t *testing.T) {
	authority := newIdentity(t, 1, nil)
	receiver, sender := newIdentity(t, 2, authority), newIdentity(t, 3, authority)
	pool := x509.NewCertPool()
	pool.AddCert(authority.certificate)
	server := httptest.NewUnstartedServer(http.HandlerFunc(noContent))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{{
			Certificate: [][]byte{receiver.certificate.Raw}, PrivateKey: receiver.key,
		}},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: tls.VersionTLS12,
	}
	server.Config.ErrorLog = quiet
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, authority.pem, 0o600); err != nil {
		t.Fatal(err)
	}

	all := newHook(t, server.URL, barker.WithPlatformCA(false), barker.WithCA(authority.pem),
		barker.WithServerName("receiver.example"),
		barker.WithClientCertificate(sender.pem, sender.keyPEM))
	stranger := newIdentity(t, 4, nil)
	for i, sending := range []struct {
		hook *barker.Webhook
		want error
	}{
		{all, nil},
		{all.With(barker.WithHTTPSOnly(true), barker.WithMinTLS(barker.TLS12)), nil},
		{all.With(barker.WithMinTLS(barker.TLS13)), barker.ErrTLS},
		{all.With(barker.WithServerName("")), barker.ErrCertificateName},
		{all.With(barker.WithCRL(crl(t, authority, receiver))), barker.ErrCertificateRevoked},
		{all.With(barker.WithCRL(crl(t, authority, sender))), nil},
		{newHook(t, server.URL, barker.WithPlatformCA(false), barker.WithCA(stranger.pem),
			barker.WithServerName("receiver.example")), barker.ErrCertificateIssuer},
		{newHook(t, server.URL, barker.WithPlatformCA(false), barker.WithCAFile(file),
			barker.WithServerName("receiver.example"),
			barker.WithClientCertificate(sender.pem, sender.keyPEM)), nil},
		{newHook(t, server.URL, barker.WithInsecureSkipVerify(true),
			barker.WithClientCertificate(sender.pem, sender.keyPEM)), nil},
		{newHook(t, "http://127.0.0.1/", barker.WithHTTPSOnly(true)), barker.ErrRefused},
	} {
		response, err := sending.hook.Send(background, []byte("data"))
		switch {
		case sending.want != nil:
			wants(t, err, sending.want)
		case err != nil || response.Status != 204:
			t.Errorf("%d: %+v, %v", i, response, err)
		}
	}
}
