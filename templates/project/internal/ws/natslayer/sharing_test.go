package natslayer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/natslayer"
)

// TestServicesOnOneServer: what one keeps is none of the other's business, also where their prefixes and families are as confusing
// as can be.
func TestServicesOnOneServer(t *testing.T) {
	server := backends.StartNATS(t)
	services := map[string]string{"shop": "cart_items", "shop_cart": "items", "shop-cart": "items"}
	opened := make(map[string]*natslayer.Backend)
	for prefix, family := range services {
		c := natslayer.DefaultConfig(prefix)
		c.URL = server.URL
		b, err := natslayer.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
		opened[prefix] = b
		for range 3 {
			add(t, b, "group:"+family+":1", prefix)
		}
		if err := b.SetValue(t.Context(), "key", []byte(prefix), time.Now().Add(time.Minute), false); err != nil {
			t.Fatal(err)
		}
	}
	// One that keeps little has the others keep no less.
	latest := ws.Append{History: keep}
	latest.History.Latest = true
	if _, err := opened["shop_cart"].Append(t.Context(), "group:items:2", latest); err != nil {
		t.Fatal(err)
	}
	for prefix, family := range services {
		if got, _, err := opened[prefix].GetValue(t.Context(), "key"); string(got) != prefix {
			t.Errorf("%s has the value %q, %v", prefix, got, err)
		}
		if prefix == "shop_cart" {
			continue
		}
		if _, got := read(t, opened[prefix], "group:"+family+":1"); got != fmt.Sprint([]string{prefix, prefix, prefix}) {
			t.Errorf("%s reads %q", prefix, got)
		}
	}
}

// TestPermissions: a user who may not use the layer's subjects is told when the service starts, not by groups that stay silent.
func TestPermissions(t *testing.T) {
	for name, permissions := range map[string]string{
		"no subscribing": `{publish: ">", subscribe: "_INBOX.>"}`,
		"no publishing":  `{publish: "$JS.API.>", subscribe: ">"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := backends.StartNATS(t, `authorization: {users: [{user: u, password: secret, permissions: `+permissions+`}]}`)
			c := natslayer.DefaultConfig("test")
			c.URL = "nats://u:secret@" + server.Addr()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			b, err := natslayer.Open(ctx, c)
			if err == nil {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}
			if err == nil || !strings.Contains(err.Error(), "test.>") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
		})
	}
}
