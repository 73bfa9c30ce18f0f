/// What is counted of the two sides, and of what must happen once.
extension MetricFamily {
    static let buildInfo = MetricFamily(
        .gauge, "build_info", labels: ["version"], "Always 1; the label says which version runs.")

    static let ready = MetricFamily(.gauge, "ready", "1 while work can flow, perhaps with faults, else 0.")
    static let notReady = MetricFamily(
        .gauge, "not_ready", labels: ["reason"], "1 for each reason why no work can flow, else 0.")
    static let faults = MetricFamily(
        .gauge, "faults", labels: ["kind"], "How many things do not work that the rest does not depend on.")

    static let configLastReloadSuccessful = MetricFamily(
        .gauge, "config_last_reload_successful", "1 if the file in force is the one that was read last, else 0.")
    static let configLastReloadSuccess = MetricFamily(
        .gauge, "config_last_reload_success_timestamp_seconds",
        "When the file in force was read, as seconds since 1970.")
    static let configReloads = MetricFamily(
        .counter, "config_reloads_total", labels: ["result"], "How often a changed file was read.")
    static let eventLoopDelay = MetricFamily(
        .gauge, "event_loop_delay_seconds",
        "By how much the event loop, which does all the work, was late when that was last measured.")

    static let leader = MetricFamily(.gauge, "leader", "1 while this sidecar leads, else 0.")
    static let leaderChanges = MetricFamily(
        .counter, "leader_changes_total", "How often this sidecar has begun to lead.")
    static let leaderStampAge = MetricFamily(
        .gauge, "leader_stamp_age_seconds",
        "How long ago the leader's last sign of life was sent that the database has taken. Only the leader has it.")

    static let routerConnected = MetricFamily(
        .gauge, "router_connected", "1 while there is a session with the router, else 0.")
    static let routerSessions = MetricFamily(
        .counter, "router_sessions_total", "Sessions with the router that were joined.")
    static let routerLosses = MetricFamily(
        .counter, "router_losses_total", labels: ["reason"],
        "Sessions with the router that have ended, except by a stop of this process.")
    static let routerRoundTrip = MetricFamily(
        .gauge, "router_round_trip_seconds",
        "How long the router took to answer the last heartbeat of this session; there is one after each silence.")
    static let routerUnsent = MetricFamily(
        .gauge, "router_unsent_bytes", "Output that waits for the router to read it.")
    static let routerReceived = MetricFamily(
        .counter, "router_received_bytes_total", "Octets that came from the router, without those of TLS.")
    static let routerSent = MetricFamily(
        .counter, "router_sent_bytes_total", "Octets that were sent to the router, without those of TLS.")
    static let routerMessages = MetricFamily(
        .counter, "router_messages_total", labels: ["direction", "type"],
        "WAMP messages, by the direction they went and their type.")

    static let databaseConnected = MetricFamily(
        .gauge, "database_connected", labels: ["part"], "1 while there is a connection for this part, else 0.")
    static let databaseConnections = MetricFamily(
        .gauge, "database_connections", labels: ["part", "state"], "Open connections that run functions.")
    static let databaseConnectionsLimit = MetricFamily(
        .gauge, "database_connections_limit", "The file's database.connections.")
    static let databaseConnects = MetricFamily(
        .counter, "database_connects_total", labels: ["part", "result"], "Attempts to connect to the database.")
    static let databaseQueueLength = MetricFamily(
        .gauge, "database_queue_length", "Calls, events and results that wait for a connection.")
    static let databaseQueueLimit = MetricFamily(.gauge, "database_queue_limit", "The file's database.queue.")
    static let databaseQueueWait = MetricFamily(
        .histogram, "database_queue_wait_seconds",
        "How long those waited for a connection that did not find one at once, and got one.")

    static let outboxRead = MetricFamily(
        .counter, "outbox_read_total",
        "Events read from the outbox; each is acknowledged, refused or unanswered at last. One that is read again "
            + "counts again.")
    static let outboxAcknowledged = MetricFamily(
        .counter, "outbox_acknowledged_total", "Events of the outbox that the router has.")
    static let outboxRefused = MetricFamily(
        .counter, "outbox_refused_total", labels: ["kind"],
        "Events of the outbox that the router does not take: for the moment (held), or for good (dead).")
    static let outboxUnanswered = MetricFamily(
        .counter, "outbox_unanswered_total",
        "Events of the outbox that the router had not answered when a session ended; they are read again.")
    static let outboxInProgress = MetricFamily(
        .gauge, "outbox_in_progress", "Events of the outbox that were sent, and that the router has not answered.")
    static let outboxRepeated = MetricFamily(
        .counter, "outbox_repeated_total", "Events of the outbox that may have been published twice.")
    static let outboxHeldTopics = MetricFamily(
        .gauge, "outbox_held_topics",
        "Topics whose events wait because the router refuses one of them. Only the leader has it.")
    static let outboxDelay = MetricFamily(
        .histogram, "outbox_delay_seconds",
        "Time from the beginning of the transaction that published an event until the router had it.")
    static let outboxWaiting = MetricFamily(
        .gauge, "outbox_waiting",
        "Events in the outbox: counted up to 10,000, beyond that the most that there can be. Only the leader has it."
    )
    static let outboxOldest = MetricFamily(
        .gauge, "outbox_oldest_seconds",
        "How long ago the transaction began that published the oldest event in the outbox; 0 if there is none. Only "
            + "the leader has it.")
    static let deadLetters = MetricFamily(
        .gauge, "dead_letters", labels: ["kind"],
        "Dead letters that are kept, counted up to 10,000 of a kind. Only the leader has it.")
    static let notificationQueue = MetricFamily(
        .gauge, "notification_queue_ratio",
        "The part of the server's queue for notifications that is in use. Only the leader has it.")
    static let deadLettersAdded = MetricFamily(
        .counter, "dead_letters_added_total", labels: ["kind"], "Dead letters that were written.")

    static let callerSessions = MetricFamily(
        .gauge, "caller_sessions", "Clients that are logged in at the call port.")
    static let callerSessionsLimit = MetricFamily(
        .gauge, "caller_sessions_limit", "The file's caller.sessions, or less where the limit of open files is lower.")
    static let callerCallsReceived = MetricFamily(
        .counter, "caller_calls_received_total",
        "Calls and publications from SQL; each is in caller_calls_total or in progress.")
    static let callerCalls = MetricFamily(
        .counter, "caller_calls_total", labels: ["result"],
        "Calls and publications from SQL that have ended. error: the router answered so; failed: for another reason; "
            + "given_up: SQL did not wait any more.")
    static let callerCallsInProgress = MetricFamily(
        .gauge, "caller_calls_in_progress", "Calls and publications from SQL that have not been answered.")
    static let callerCallDuration = MetricFamily(
        .histogram, "caller_call_duration_seconds", "Time from a call from SQL to its answer.")
    static let callerRefused = MetricFamily(
        .counter, "caller_refused_total", labels: ["reason"], "Connections to the call port that were refused.")
}
