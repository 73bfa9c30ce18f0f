internal import Cryptography
import Postgres

/// The SQL of the interface for one schema: the files of the folder SQL, with the names filled in.
package struct SchemaScript: Sendable {
    /// The version that this binary installs and upgrades to.
    package static let version = 3

    /// The schema's name, not quoted.
    package let schema: String
    /// The role that owns the schema.
    package let owner: String
    /// The role that the sidecar connects as; the owner if there is only one role.
    package let role: String
    /// The keys that belong to the schema's name.
    package let keys: SchemaKeys

    /// The pattern of a publication's topic; `uri_fault` in the script names the fault of one that does not match.
    private static let topicPattern: String = {
        let component =
            "[^\\s.#\\u0001-\\u001f\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+"
        return "^\(component)(\\.\(component))*$"
    }()

    /// Takes the names as they are.
    ///
    /// - Throws: ``SchemaNameError`` if it can't be the name of such a schema.
    package init(schema: String, owner: String, role: String) throws {
        try Self.check(schema)
        self.schema = schema
        self.owner = owner
        self.role = role
        self.keys = try SchemaKeys(schema: schema)
    }

    /// The scripts as they are, with the names between at signs.
    static let templates = [
        PackageResources._001_sql, PackageResources._002_sql, PackageResources._003_sql, PackageResources.dblink_sql,
    ].map { String(decoding: $0, as: UTF8.self) }

    /// The numbered script that leads from the version before to this one; nil if there is none.
    package func upgrade(to version: Int) -> String? {
        switch version {
        case 1: self.fill(PackageResources._001_sql)
        case 2: self.fill(PackageResources._002_sql)
        case 3: self.fill(PackageResources._003_sql)
        default: nil
        }
    }

    /// The part that needs dblink.
    ///
    /// - Parameter extensionSchema: the schema that holds the extension.
    package func dblink(in extensionSchema: String) -> String {
        self.fill(
            PackageResources.dblink_sql,
            adding: [
                "dblink": SQLText.identifier(extensionSchema), "dblink_name_literal": SQLText.literal(extensionSchema),
                "dblink_connect_literal": SQLText.literal(
                    SQLText.qualified(extensionSchema, "dblink_connect") + "(text,text)"),
            ])
    }

    /// The administrator's statements without which `call` and `autonomous` can't work.
    package var administratorStatements: String {
        """
        create extension if not exists dblink;
        grant usage on foreign data wrapper dblink_fdw to \(SQLText.identifier(self.owner));
        """
    }

    /// The administrator's way to create the role that runs the functions of low roles. Only the sidecar's own role
    /// installs in its own schema.
    var guestAdministration: String {
        let role = SQLText.identifier(self.role)
        guard self.role == self.owner else {
            return "wamp-sidecar install --admin-url .. --schema \(self.schema) --role \(self.role)"
        }
        return """
            alter role \(role) createrole; then wamp-sidecar install --admin-url postgresql://\(self.role)@.. \
            --schema \(self.schema) --role \(self.role); then alter role \(role) nocreaterole
            """
    }

    private func fill(_ template: [UInt8], adding more: [String: String] = [:]) -> String {
        let schema = SQLText.identifier(self.schema)
        let hint =
            "an administrator has to run:\n\(self.administratorStatements)\n"
            + "then start the sidecar again, or run wamp-sidecar install"
        let values = [
            "schema": schema,
            "schema_identifier_literal": SQLText.literal(schema),
            "schema_name_literal": SQLText.literal(self.schema),
            "outbox_sequence_literal": SQLText.literal("\(schema).outbox_id_seq"),
            "wake_lock_1": "\(self.keys.wakeLock.0)",
            "wake_lock_2": "\(self.keys.wakeLock.1)",
            "leader_lock_1": "\(self.keys.leaderLock.0)",
            "leader_lock_2": "\(self.keys.leaderLock.1)",
            "channel_literal": SQLText.literal(self.keys.channel),
            "mapping_channel_literal": SQLText.literal(self.keys.mappingChannel),
            "topic_pattern_literal": SQLText.literal(Self.topicPattern),
            "server": SQLText.identifier(self.keys.server),
            "server_name_literal": SQLText.literal(self.keys.server),
            "administrator_literal": SQLText.literal(hint),
            "guest_administrator_literal": SQLText.literal("an administrator has to run: " + self.guestAdministration),
        ].merging(more) { _, new in new }
        // Unknown names between at signs are left alone. Values are not searched again.
        let parts = String(decoding: template, as: UTF8.self).split(separator: "@", omittingEmptySubsequences: false)
        var text = ""
        var isAfterValue = true
        for (index, part) in parts.enumerated() {
            if !isAfterValue, index < parts.count - 1, let value = values[String(part)] {
                text += value
                isAfterValue = true
            } else {
                text += isAfterValue ? part : "@" + part
                isAfterValue = false
            }
        }
        return text
    }

    private static func check(_ schema: String) throws(SchemaNameError) {
        if schema.isEmpty || schema.utf8.count > SchemaKeys.longestName {
            throw SchemaNameError("a schema's name has 1 to \(SchemaKeys.longestName) octets")
        }
        if schema.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "$" || $0.value == 0x7F }) {
            throw SchemaNameError("the schema's name must not contain '$' or control characters")
        }
        if schema.hasPrefix("pg_") || ["information_schema", "public"].contains(schema) {
            throw SchemaNameError("the interface needs its own schema, not '\(schema)'")
        }
    }
}

/// Why a schema can't hold the interface.
package struct SchemaNameError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
