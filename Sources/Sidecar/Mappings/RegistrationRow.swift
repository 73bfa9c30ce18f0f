import Functions
import Postgres
import SidecarConfiguration

/// A row of `registration` or `subscription`, as `mapping_page()` gives it.
struct RegistrationRow: Equatable {
    let kind: RegistrationKey.Kind
    let id: Int64
    /// The procedure's URI, or the topic.
    let uri: String
    let function: String
    /// The function's parameter types, where its name is overloaded.
    let signature: String?
    let options: String?
    let registeredBy: String
    /// Why it must not be run, as the database sees it.
    let fault: String?
    /// The role that has to run it, where a low role registered it; nil for the sidecar's own.
    let guest: String?

    /// Takes the columns by their names; nil if it is not such a row.
    init?(_ values: [String?], columns: [String]) {
        var fields: [String: String] = [:]  // names of ours
        for (name, value) in zip(columns, values) { fields[name] = value }
        guard let kind = fields["kind"].flatMap({ RegistrationKey.Kind(rawValue: $0) }),
            let id = fields["id"].flatMap({ Int64($0) }),
            let uri = fields["uri"], let function = fields["proc"]
        else { return nil }
        self.kind = kind
        self.id = id
        self.uri = uri
        self.function = function
        self.signature = fields["signature"]
        self.options = fields["options"]
        self.registeredBy = fields["registered_by"] ?? "somebody"
        self.fault = fields["fault"]
        self.guest = fields["guest"]
    }

    var key: RegistrationKey { RegistrationKey(kind: self.kind, id: self.id) }

    /// As messages name it: `registration 12 of app_owner`.
    var place: String { "\(self.kind.rawValue) \(self.id) of \(self.registeredBy)" }

    /// What it maps, as readiness names it.
    var name: String {
        switch self.kind {
        case .registration: "procedure '\(self.uri)'"
        case .subscription: "subscription '\(self.uri)'"
        }
    }

    /// As the configuration's reader takes it.
    var mapping: MappingRow {
        MappingRow(
            place: self.place, key: self.uri, function: self.function + (self.signature.map(Self.parenthesized) ?? ""),
            options: self.options)
    }

    /// The parentheses may be part of what was registered.
    private static func parenthesized(_ types: String) -> String {
        types.hasPrefix("(") && types.hasSuffix(")") ? types : "(\(types))"
    }
}
