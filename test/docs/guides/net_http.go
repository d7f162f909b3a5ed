// The session, and what asks the guide's routes: a real server of net/http.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
)

func userOf(r *http.Request) (string, bool) {
	user := r.Header.Get("X-User")
	return user, user != ""
}

func visit(url, user string) (*http.Response, string) {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		panic(err)
	}
	if user != "" {
		request.Header.Set("X-User", user)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	return response, string(body)
}

func main() {
	http.HandleFunc("/push-token", pushToken)
	http.HandleFunc("/bellhop-sw.js", pushWorker)
	server := httptest.NewServer(http.DefaultServeMux)
	defer server.Close()
	stranger, _ := visit(server.URL+"/push-token", "")
	answer, token := visit(server.URL+"/push-token", "7")
	script, worker := visit(server.URL+"/bellhop-sw.js", "")
	ids := []any{}
	for range 2 {
		sent, err := orderShipped(42, "7")
		if err != nil {
			panic(err)
		}
		ids = append(ids, sent["id"])
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"stranger":    stranger.StatusCode,
		"token":       token,
		"cache":       answer.Header.Get("Cache-Control"),
		"worker":      worker,
		"worker_type": script.Header.Get("Content-Type"),
		"ids":         ids,
	})
}
