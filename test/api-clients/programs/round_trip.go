package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"example.com/roundtrip/bellhop"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	withSecret := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("SECRET"))
		return nil
	}
	client := must(bellhop.NewClientWithResponses(os.Getenv("BELLHOP"), bellhop.WithRequestEditorFn(withSecret)))
	ctx := context.Background()

	user, title := "go", "On its way"
	browser := bellhop.SubscriptionInput{UserId: &user, Endpoint: "https://push.example.net/go"}
	if err := json.Unmarshal([]byte(os.Getenv("KEYS")), &browser.Keys); err != nil {
		log.Fatal(err)
	}
	subscription := must(client.RegisterSubscriptionWithResponse(ctx, browser)).JSON201
	fmt.Println(subscription.UserId, subscription.Active)

	order := bellhop.NotificationInput{Type: "order.shipped", UserIds: &[]string{user}, Title: &title}
	sent := must(client.SendNotificationWithResponse(ctx, &bellhop.SendNotificationParams{IdempotencyKey: &user}, order)).JSON202
	read := must(client.GetNotificationWithResponse(ctx, sent.Id)).JSON200
	fmt.Println(read.Title, read.Priority, read.Counts.Total >= 0)

	line := `{"type":"order.shipped","user_ids":["go"],"title":"On its way","idempotency_key":"go-line"}`
	many := must(client.SendManyNotificationsWithBodyWithResponse(ctx, "application/x-ndjson", strings.NewReader(line)))
	// It leaves types out to which no operation leads.
	var result struct {
		Line   int
		Status string
	}
	if err := json.Unmarshal(many.Body, &result); err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Line, result.Status)

	problem := must(client.GetNotificationWithResponse(ctx, "ntf_none")).ApplicationproblemJSON404
	fmt.Println(problem.Status, problem.Code)

	limit := 1
	page := must(client.ListSubscriptionsWithResponse(ctx, &bellhop.ListSubscriptionsParams{UserId: &user, Limit: &limit})).JSON200
	fmt.Println(len(page.Items), page.NextCursor)
}
