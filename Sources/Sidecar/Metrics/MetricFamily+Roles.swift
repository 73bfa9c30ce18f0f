/// What is counted of calls, events and notifications.
extension MetricFamily {
    static let callsReceived = MetricFamily(
        .counter, "calls_received_total",
        "Calls that came from the router; each is in calls_total or in progress.")
    static let calls = MetricFamily(
        .counter, "calls_total", labels: ["procedure", "result"],
        "Calls that have ended. canceled: nobody waited for the answer any more.")
    static let callDuration = MetricFamily(
        .histogram, "call_duration_seconds", labels: ["procedure"], "Time from a call's arrival to its answer.")
    static let callsInProgress = MetricFamily(.gauge, "calls_in_progress", "Calls that have not been answered.")
    static let callRetries = MetricFamily(
        .counter, "call_retries_total", "How often a function was run once more for the same call.")
    static let callRows = MetricFamily(.counter, "call_rows_total", "Rows that functions have returned.")
    static let callsOfNothing = MetricFamily(
        .counter, "calls_unregistered_total",
        "Calls of procedures that are not registered any more; these are not in calls_received_total.")

    static let eventsReceived = MetricFamily(
        .counter, "events_received_total", labels: ["subscription"],
        "Events that came, and dead letters that are tried again; each is done, dead or lost at last.")
    static let eventsDone = MetricFamily(
        .counter, "events_done_total", labels: ["subscription"], "Events whose function has run.")
    static let eventsDead = MetricFamily(
        .counter, "events_dead_total", labels: ["subscription"],
        "Events that failed and are dead letters now, also those that were dead letters before they were tried again.")
    static let eventsLost = MetricFamily(
        .counter, "events_lost_total", labels: ["subscription", "reason"], "Events that did not run and are not kept.")
    static let eventsWaiting = MetricFamily(
        .gauge, "events_waiting", labels: ["subscription"], "Events that wait to be sent to the database.")
    static let eventsInProgress = MetricFamily(
        .gauge, "events_in_progress", labels: ["subscription"],
        "Events on their way to their function or to the dead letters.")
    static let eventsWaitingBytes = MetricFamily(
        .gauge, "events_waiting_bytes", labels: ["subscription"],
        "Memory of the events that wait or are in progress.")
    static let eventsOldest = MetricFamily(
        .gauge, "events_oldest_seconds", labels: ["subscription"], "How long ago the event came that waits longest.")
    static let eventDuration = MetricFamily(
        .histogram, "event_duration_seconds", labels: ["subscription"],
        "Time from an event's arrival until its function had run.")

    static let notificationsReceived = MetricFamily(
        .counter, "notifications_received_total", labels: ["channel"],
        "Notifications that came while this sidecar led, or may have; each is relayed or dropped at last.")
    static let notificationsRelayed = MetricFamily(
        .counter, "notifications_relayed_total", labels: ["channel"], "Notifications that were published, or called.")
    static let notificationsDropped = MetricFamily(
        .counter, "notifications_dropped_total", labels: ["channel", "reason"], "Notifications that were not relayed.")
    static let notificationsWaiting = MetricFamily(
        .gauge, "notifications_waiting", labels: ["channel"],
        "Notifications that wait for the router, or until it is known which sidecar leads.")
    static let notificationsInProgress = MetricFamily(
        .gauge, "notifications_in_progress", labels: ["channel"],
        "Notifications that the router has, and has not answered.")
}
