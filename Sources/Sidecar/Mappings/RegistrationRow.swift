import Functions
import Postgres
import SidecarConfiguration

/// A row of `registration` or `subscription`, as `mapping_page()` returns it.
struct RegistrationRow: Equatable {
    let kind: RegistrationKey.Kind
    let id: Int64
    /// The procedure's URI, or the topic.
    let uri: String
    let function: String
    /// The function's parameter types, if its name is overloaded.
    let signature: String?
    let options: String?
    let registeredBy: String
    /// Why it must not run, according to the database.
    let fault: String?
    /// The role that must run it, if a low role registered it; nil for the sidecar's own.
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

    /// Its name in messages: `registration 12 of app_owner`.
    var place: String { "\(self.kind.rawValue) \(self.id) of \(self.registeredBy)" }

    /// The mapped thing, as readiness names it.
    var name: String {
        switch self.kind {
        case .registration: "procedure '\(self.uri)'"
        case .subscription: "subscription '\(self.uri)'"
        }
    }

    /// The row in the form of the configuration's reader.
    var mapping: MappingRow {
        MappingRow(
            place: self.place, key: self.uri, function: self.function + (self.signature.map(Self.parenthesized) ?? ""),
            options: self.options)
    }

    /// The parentheses may be part of the registered text.
    private static func parenthesized(_ types: String) -> String {
        types.hasPrefix("(") && types.hasSuffix(")") ? types : "(\(types))"
    }
}
