/// What a fault is about, as metrics name it: what else works goes on.
enum FaultKind: String, CaseIterable {
    case adminPort = "admin_port"
    case callPort = "call_port"
    case certificate
    case configuration
    case connections
    case deadLetters = "dead_letters"
    case guestRole = "guest_role"
    case message
    case outbox
    case procedure
    case registration
    case sqlInterface = "sql_interface"
    case subscription
    case testament
}
