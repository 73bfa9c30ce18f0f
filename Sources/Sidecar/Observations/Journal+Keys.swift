import Functions
import Logging

/// The only place that defines the names in the log.
extension Journal {
    /// The keys of the log's metadata.
    enum Key {
        static let address = "address"
        static let agent = "agent"
        static let application = "application"
        static let authid = "authid"
        static let authrole = "authrole"
        static let backend = "backend"
        static let channel = "channel"
        static let channels = "channels"
        static let configuration = "configuration"
        static let count = "count"
        static let database = "database"
        static let done = "done"
        static let duration = "duration"
        static let error = "error"
        static let event = "event"
        static let events = "events"
        static let faults = "faults"
        static let feature = "feature"
        static let from = "from"
        static let function = "function"
        static let holder = "holder"
        static let keys = "keys"
        static let limit = "limit"
        static let name = "name"
        static let next = "next"
        static let notifications = "notifications"
        static let others = "others"
        static let part = "part"
        static let place = "place"
        static let prepared = "prepared"
        static let procedure = "procedure"
        static let procedures = "procedures"
        static let rate = "rate"
        static let realm = "realm"
        static let reason = "reason"
        static let request = "request"
        static let retryIn = "retry_in"
        static let result = "result"
        static let role = "role"
        static let router = "router"
        static let rows = "rows"
        static let sent = "sent"
        static let serializer = "serializer"
        static let serverVersion = "server_version"
        static let session = "session"
        static let signal = "signal"
        static let sqlstate = "sqlstate"
        static let state = "state"
        static let statement = "statement"
        static let subscriptions = "subscriptions"
        static let topic = "topic"
        static let total = "total"
        static let uri = "uri"
        static let user = "user"
        static let version = "version"
    }
}

extension Logger.MetadataValue {
    /// A number, which is one in the format for programs too.
    static func number(_ number: some BinaryInteger) -> Self { .stringConvertible(Int(clamping: number)) }
}
