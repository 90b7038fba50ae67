"""What pages say in German: by keys, with names in braces for what is put in."""

from collections.abc import Mapping

GERMAN: Mapping[str, str] = {
    "language_name": "Deutsch",
    "decimal_point": ",",
    "digit_group": ".",
    "day": "%d.%m.%Y",
    "day_and_time": "%d.%m.%Y, %H:%M",
    "day_and_second": "%d.%m.%Y, %H:%M:%S",
    "quoted": "„{value}“",
    "unit_days": "T",
    "unit_hours": "Std.",
    "unit_minutes": "Min.",
    "unit_seconds": "Sek.",
    "skip": "Zum Inhalt springen",
    "nav": "Seiten",
    "nav_home": "Start",
    "nav_users": "Benutzer",
    "nav_log": "Protokoll",
    "nav_seals": "Siegel",
    "nav_account": "Mein Konto",
    "language": "Sprache",
    "footer": "Marktplatz {gate}, gridpact {version}.",
    "api": "Beschreibung der Schnittstelle für Programme",
    "log_in": "Anmelden",
    "log_out": "Abmelden",
    "log_in_sso": "Über den Anmeldedienst anmelden",
    "accept_sso": "Stattdessen den Anmeldedienst nutzen",
    "gate_title": "Der Marktplatz für Strom im Ortsnetz",
    "gate_said": (
        "Hier geben Sie Gebote, Geschäfte und Prognosen für kommende Sitzungen ab und sehen, was daraus "
        "wurde."
    ),
    "no_password_yet": "Noch kein Passwort? Der Betreiber des Marktplatzes schickt Ihnen eine Einladung.",
    "welcome": "Willkommen",
    "logged_in_by_provider": "Sie sind angemeldet.",
    "go_on": "Weiter",
    "invitation": "Ihre Einladung",
    "invitation_said": (
        "Sie sind als Benutzer {user} eingeladen. Wählen Sie ein Passwort, dann sind Sie angemeldet. Der "
        "Link funktioniert nur einmal."
    ),
    "set_password": "Passwort festlegen",
    "password_hint": "12 bis 200 Zeichen; mehrere Wörter eignen sich gut.",
    "refused_heading": "Das geht so nicht",
    "back": "Zurück",
    "save": "Speichern",
    "next_page": "Nächste Seite",
    "first_page": "Erste Seite",
    "yes": "ja",
    "no": "nein",
    "time": "Zeit",
    "what": "Was",
    "session": "Sitzung",
    "other_sessions": "Andere Sitzungen",
    "sessions": "Sitzungen",
    "state": "Stand",
    "market": "Markt",
    "markets": "Märkte",
    "participant": "Anschluss",
    "participants": "Anschlüsse",
    "participants_caption": "Zählpunkte dieses Marktes",
    "bus": "Knoten",
    "connection_kw": "Anschluss, kW",
    "gate_closes": "Annahmeschluss",
    "cleared_kwh": "Verbindlich, kWh",
    "session_said": "Sitzung {session}, Lieferung von {begin} bis {end}",
    "clock_scheduled": "Die Annahme öffnet in",
    "clock_open": "Annahmeschluss in",
    "clock_closed": "Die Annahme ist geschlossen",
    "clock_clearing": "Die Sitzung wird gerade berechnet",
    "clock_cleared": "Die Sitzung ist abgeschlossen",
    "clock_failed": "Die Sitzung konnte nicht berechnet werden",
    "clock_cancelled": "Die Sitzung wurde abgesagt",
    "closes_at": "Die Annahme schließt am {time} ({zone}).",
    "opens_at": "Die Annahme öffnet am {time} ({zone}).",
    "gate_time": "Uhr des Marktplatzes:",
    "cleared_said": (
        "{cleared} von {proposed} kWh in diesem Markt sind verbindlich. Veröffentlicht am {time}."
    ),
    "unsafe_said": (
        "Das Netz hält seine Grenzen schon ohne jedes Geschäft nicht ein. Der Betreiber weiß das und "
        "kümmert sich darum."
    ),
    "state_said_closed": (
        "Was abgegeben wurde, ist versiegelt und wird bald berechnet. Daran lässt sich nichts mehr ändern."
    ),
    "state_said_clearing": (
        "Was das Netz tragen kann, wird gerade berechnet. Schauen Sie gleich noch einmal herein."
    ),
    "state_said_failed": (
        "Nichts davon wurde veröffentlicht, nichts ist verbindlich. Der Betreiber weiß das und kann es "
        "erneut versuchen."
    ),
    "state_said_cancelled": "Was abgegeben wurde, zählt nicht. Der Betreiber hat die Sitzung abgesagt.",
    "state_scheduled": "geplant",
    "state_counted": "gezählt",
    "state_open": "offen",
    "state_closed": "versiegelt",
    "state_clearing": "wird berechnet",
    "state_cleared": "abgeschlossen",
    "state_failed": "gescheitert",
    "state_unsafe": "abgeschlossen, Netz unsicher",
    "state_cancelled": "abgesagt",
    "state_withdrawn": "zurückgezogen",
    "state_replaced": "ersetzt",
    "state_proposed": "vorgeschlagen",
    "state_confirmed": "bestätigt",
    "state_rejected": "abgelehnt",
    "state_lapsed": "verfallen",
    "your_homes": "Ihre Anschlüsse",
    "room_heading": "Was das Netz bei {participant} aufnimmt",
    "connection_said": "Ihr Anschluss ist für bis zu {kw} kW ausgelegt.",
    "envelope": "Ihre Betriebsgrenzen",
    "envelope_caption": (
        "Ihre Betriebsgrenzen: was Sie am Zähler höchstens einspeisen (nach oben) und beziehen dürfen "
        "(nach unten)."
    ),
    "envelope_alternative": "Balken der höchsten Leistung für Einspeisung und Bezug je Zeitraum",
    "no_envelope": "Der Betreiber hat für diese Zeit keine Betriebsgrenzen veröffentlicht.",
    "export_max": "Höchste Einspeisung, kW",
    "import_max": "Höchster Bezug, kW",
    "as_table": "Als Tabelle",
    "show_headroom": "Anzeigen, was Sie verkaufen und kaufen könnten",
    "headroom_heading": "Was Sie verkaufen und kaufen könnten",
    "headroom_caption": (
        "Bei den jetzigen Prognosen, solange sonst niemand handelt: Verkauf nach oben, Kauf nach unten."
    ),
    "headroom_alternative": "Balken der Leistung, die je Zeitraum verkauft und gekauft werden könnte",
    "headroom_zero": (
        "Nach den vorliegenden Prognosen haben Sie nichts zu verkaufen und brauchen nichts: Geben Sie "
        "unten Ihre Prognose ab."
    ),
    "headroom_none": "Es gibt keinen offenen Zeitraum.",
    "headroom_waiting": "Das Netz wird berechnet\u00a0…",
    "headroom_failed": (
        "Das ließ sich gerade nicht berechnen. Öffnen Sie es als eigene Seite oder versuchen Sie es später."
    ),
    "sale": "Verkauf möglich, kW",
    "purchase": "Kauf möglich, kW",
    "stopped_by": "Begrenzt durch",
    "awaited": "Wartet auf Ihre Antwort",
    "confirm": "Bestätigen\u00a0…",
    "confirm_said": "Sobald es bestätigt ist, bindet das Geschäft beide Seiten. Keine kann es zurücknehmen.",
    "confirm_now": "Ja, bestätigen",
    "reject": "Ablehnen\u00a0…",
    "reject_now": "Ja, ablehnen",
    "handed_in_heading": "Was Sie abgegeben haben",
    "nothing_handed_in": "Noch nichts.",
    "order_sell": "{kw} kW verkaufen",
    "order_buy": "{kw} kW kaufen",
    "trade_sell": "{kw} kW an {other} verkaufen",
    "trade_buy": "{kw} kW von {other} kaufen",
    "window_price": "{window}, {price} {currency} je kWh",
    "order_named": "{name}, eingegangen am {time}.",
    "order_came": "Von {matched} kWh mit Handelspartner sind {cleared} kWh verbindlich.",
    "average_price": "Im Mittel {price} {currency} je kWh.",
    "receipt": "Quittung",
    "withdraw": "Zurückziehen\u00a0…",
    "withdraw_now": "Ja, zurückziehen",
    "hand_in_heading": "Abgeben für {participant}",
    "hand_in": "Abgeben",
    "i_want_to": "Ich möchte",
    "sell": "verkaufen",
    "buy": "kaufen",
    "propose_heading": "Ein Geschäft mit jemandem, den Sie kennen\u00a0…",
    "propose": "Vorschlagen",
    "propose_said": "Es zählt, sobald die andere Seite es bestätigt hat, und zwar vor dem Annahmeschluss.",
    "forecast_heading": "Meine Prognose\u00a0…",
    "forecast_hint": (
        "Ein Wert für die ganze Zeit oder je Zeitraum einer ({periods}), mit Leerzeichen dazwischen."
    ),
    "give_forecast": "Prognose abgeben",
    "signing_needed": (
        "Dieser Markt nimmt nur Signiertes an. Dafür braucht es JavaScript und einen Signaturschlüssel: "
        "Sie erstellen ihn in Ihrem Konto."
    ),
    "signing_none_needed": (
        "Dieser Markt nimmt nur Signiertes an, und dieser Browser hat keinen Signaturschlüssel von Ihnen:"
        " Erstellen Sie einen in Ihrem Konto."
    ),
    "signing_none": (
        "Ohne Ihre Signatur: Wenn Sie möchten, erstellen Sie einen Signaturschlüssel in Ihrem Konto."
    ),
    "signing_on": "Mit Ihrem Schlüssel in diesem Browser signiert.",
    "signing_off": "Dieser Browser kann nicht signieren.",
    "came_heading": "Was daraus wurde",
    "trades_caption": (
        "Was gewünscht war und was davon verbindlich ist: verkauft nach oben, gekauft nach unten."
    ),
    "trades_alternative": "Balken der gewünschten und der verbindlichen Leistung je Zeitraum",
    "trades_table": "Ihre Geschäfte",
    "asked": "gewünscht",
    "firm": "verbindlich",
    "firm_of": "Verbindlich / gewünscht, kWh",
    "why_not_more": "Warum nicht mehr",
    "all_firm": "Alles ist verbindlich.",
    "no_trades": "In dieser Sitzung fand keines Ihrer Gebote einen Partner.",
    "sold_to": "Verkauf an {other}",
    "bought_from": "Kauf von {other}",
    "somebody": "Nachbarn",
    "schedule": "Fahrplan",
    "schedule_caption": (
        "Ihr Fahrplan: mit Nachbarn und mit dem Versorger; aus dem Haus nach oben, ins Haus nach unten."
    ),
    "schedule_alternative": "Balken der mit Nachbarn und Versorger getauschten Leistung je Zeitraum",
    "with_neighbours": "mit Nachbarn",
    "with_retailer": "mit dem Versorger",
    "column_p2p_sold_kw": "An Nachbarn verkauft, kW",
    "column_p2p_bought_kw": "Von Nachbarn gekauft, kW",
    "column_retail_export_kw": "An den Versorger, kW",
    "column_retail_import_kw": "Vom Versorger, kW",
    "column_curtailed_kw": "Nicht erzeugt, kW",
    "statements": "Rechnungen und Abrechnungen",
    "bill": "Rechnung",
    "statement": "Abrechnung (Tabelle)",
    "cut_seller_surplus": (
        "Zwischen {begin} und {end} hatte der Verkäufer nach seiner Prognose nicht mehr zu verkaufen."
    ),
    "cut_buyer_demand": "Zwischen {begin} und {end} brauchte der Käufer nach seiner Prognose nicht mehr.",
    "cut_voltage_max": (
        "Zwischen {begin} und {end} ist die Spannung an der oberen Grenze; mehr Einspeisung dort würde "
        "sie weiter anheben, und Ihr Geschäft tut das."
    ),
    "cut_voltage_min": (
        "Zwischen {begin} und {end} ist die Spannung an der unteren Grenze; mehr Bezug dort würde sie "
        "weiter senken, und Ihr Geschäft tut das."
    ),
    "cut_line": (
        "Ein Kabel ist zwischen {begin} und {end} ausgelastet, und Ihr Geschäft belastet es. Geschäfte, "
        "die es nicht belasten, werden dafür nicht gekürzt."
    ),
    "cut_transformer": (
        "Der Transformator der Straße ist zwischen {begin} und {end} ausgelastet, und Ihr Geschäft "
        "belastet ihn."
    ),
    "cut_terms": (
        "Zwischen {begin} und {end} lassen die gesetzten Bedingungen nicht mehr zu: ein Block, ein "
        "Mindestanteil oder eine Auswahl unter mehreren."
    ),
    "cut_neutral": (
        "Der Neutralleiter eines Kabels ist zwischen {begin} und {end} ausgelastet, und Ihr Geschäft "
        "belastet ihn."
    ),
    "cut_voltage_unbalance": (
        "Zwischen {begin} und {end} unterscheiden sich die drei Phasen so stark wie erlaubt, und Ihr "
        "Geschäft verstärkt das."
    ),
    "cut_connection": "Zwischen {begin} und {end} ist Ihr Anschluss ausgelastet.",
    "cut_other": "Zwischen {begin} und {end} begrenzt durch {reason}.",
    "cut_place_bus": "Das ist am Knoten {place} des Netzes.",
    "cut_place_line": "Es ist das Kabel {place} des Netzes.",
    "cut_place_transformer": "Es ist der Transformator {place} des Netzes.",
    "why": "Warum genau?",
    "why_heading": "Warum nicht mehr",
    "why_said": "{cleared} von {proposed} kWh sind verbindlich.",
    "why_where": "Es ist {name}.",
    "why_share": "Das kostet {kwh} kWh.",
    "why_loads": "Was es im Mittel belastet",
    "why_amount": "Anteil, {unit}",
    "why_amount_voltage": "Anteil, % der Nennspannung",
    "why_others": "andere, zusammen",
    "why_own": "Ihres",
    "why_without": "Was es nicht belastet und deshalb nicht gekürzt wird:",
    "why_full": "Ausführlich (auf Englisch)",
    "cut_short_seller_surplus": "die Prognose des Verkäufers",
    "cut_short_buyer_demand": "die Prognose des Käufers",
    "cut_short_voltage_max": "Spannung an der oberen Grenze",
    "cut_short_voltage_min": "Spannung an der unteren Grenze",
    "cut_short_line": "ein ausgelastetes Kabel",
    "cut_short_transformer": "ein ausgelasteter Transformator",
    "cut_short_terms": "die gesetzten Bedingungen",
    "cut_short_neutral": "ein ausgelasteter Neutralleiter",
    "cut_short_voltage_unbalance": "zu ungleiche Phasen",
    "cut_short_connection": "der Anschluss",
    "nothing_yet": "Noch nichts für Sie",
    "nothing_yet_said": (
        "Sie haben keine Vollmacht für einen Anschluss, oder es gibt keine Sitzung. Vollmachten erteilt "
        "der Betreiber des Marktplatzes."
    ),
    "receipt_heading": "Quittung für {name}",
    "receipt_said": (
        "Die signierte Zusage des Marktplatzes, dass Ihre Abgabe eingegangen ist. Bewahren Sie die Datei "
        "auf: Sollte die Abgabe je verloren gehen oder geändert werden, beweist es die Datei."
    ),
    "receipt_kind": "Art",
    "received_at": "Eingegangen am",
    "sequence": "Nummer im Protokoll",
    "digest": "SHA-256",
    "signed_by_you": "Vom Absender signiert",
    "keep_receipt": "Quittung speichern",
    "document": "Was ankam",
    "proof": "Nachweis",
    "proof_said": "Das Siegel der Sitzung zählt dies mit; insgesamt zählt es {size}.",
    "proof_show": "Weg zur Wurzel des Siegels zeigen",
    "kind_order": "Gebot",
    "kind_trade": "Geschäft",
    "kind_confirmation": "Bestätigung",
    "kind_rejection": "Ablehnung",
    "kind_withdrawal": "Rücknahme",
    "kind_forecast": "Prognose",
    "kind_operator_forecast": "Prognose des Betreibers",
    "kind_gate": "Marktplatz angelegt",
    "kind_gate_key": "Schlüssel des Marktplatzes",
    "kind_user": "Benutzer",
    "kind_user_erased": "Benutzer gelöscht",
    "kind_key": "Schlüssel für Programme",
    "kind_key_revoked": "Schlüssel widerrufen",
    "kind_market": "Markt",
    "kind_network": "Netz",
    "kind_participants": "Anschlüsse",
    "kind_tariffs": "Tarife",
    "kind_sharing": "Aufteilungsschlüssel",
    "kind_prices": "Preise",
    "kind_meters": "Zählerstände",
    "kind_operating_envelopes": "Betriebsgrenzen",
    "kind_mandate": "Vollmacht",
    "kind_mandate_ended": "Vollmacht beendet",
    "kind_session": "Sitzung",
    "kind_session_cancelled": "Sitzung abgesagt",
    "kind_opened": "Sitzung geöffnet",
    "kind_seal": "Siegel",
    "kind_case": "versiegelter Fall",
    "kind_published": "Ergebnis veröffentlicht",
    "kind_failed": "Berechnung gescheitert",
    "kind_retry": "erneut berechnet",
    "kind_settlement": "Abrechnung verlangt",
    "kind_settled": "Abrechnung veröffentlicht",
    "kind_settling_failed": "Abrechnung gescheitert",
    "kind_password": "Passwort gesetzt",
    "kind_invitation": "Einladung",
    "kind_identity": "Identität",
    "kind_signing_key": "Signaturschlüssel",
    "kind_signing_key_ended": "Signaturschlüssel beendet",
    "kind_webhook": "Webhook",
    "kind_webhook_disabled": "Webhook abgeschaltet",
    "account_said": "Sie melden sich als {user} an.",
    "role_operator": "Betreiber",
    "role_auditor": "Prüfer",
    "role_retailer": "Versorger",
    "roles": "Rollen",
    "mandates": "Wofür Sie handeln dürfen",
    "no_mandates": "Sie haben keine Vollmacht.",
    "rights": "Rechte",
    "right_read": "sehen",
    "right_trade": "handeln",
    "hand_over": "Jemand anderen handeln lassen\u00a0…",
    "hand_over_to": "Name des anderen Benutzers",
    "hand_over_hint": (
        "Der Name, mit dem er oder sie sich anmeldet. Ihre eigene Vollmacht behalten Sie, diese können "
        "Sie jederzeit zurücknehmen."
    ),
    "hand_over_now": "Vollmacht erteilen",
    "end_mandate": "Beenden\u00a0…",
    "end_mandate_said": (
        "Danach sehen und handeln Sie für diesen Anschluss nicht mehr, und auch niemand, dem Sie dafür "
        "eine Vollmacht gaben."
    ),
    "end_mandate_now": "Ja, beenden",
    "handed_over": "Wer für Sie handelt",
    "take_back": "Zurücknehmen",
    "signing_keys": "Signaturschlüssel",
    "signing_keys_said": (
        "Mit einem Signaturschlüssel kann niemand, auch der Marktplatz nicht, behaupten, Sie hätten "
        "abgegeben, was Sie nicht abgegeben haben. Er entsteht in diesem Browser und verlässt ihn nie."
    ),
    "make_signing_key": "Signaturschlüssel in diesem Browser erstellen",
    "in_this_browser": "in diesem Browser",
    "no_web_crypto": (
        "Dieser Browser kann keine Signaturschlüssel erstellen. Nutzen Sie einen neueren, über HTTPS."
    ),
    "needs_script": "Dafür wird JavaScript gebraucht.",
    "end_key": "Beenden",
    "ended": "beendet",
    "keys": "Schlüssel für Programme",
    "keys_said": "Mit einem Schlüssel darf ein Programm, was Sie dürfen. Er wird nur einmal gezeigt.",
    "make_key": "Schlüssel erstellen",
    "key_reads_only": "Er darf nur sehen, nicht handeln.",
    "revoke": "Widerrufen",
    "new_key": "Der neue Schlüssel",
    "new_key_said": "Kopieren Sie ihn jetzt: Er wird nicht noch einmal gezeigt.",
    "logins": "Anmeldungen",
    "login_said": "Seit {begin}, längstens bis {end} (UTC)",
    "log_out_everywhere": "Überall abmelden",
    "change_password": "Passwort ändern",
    "my_data": "Meine Daten",
    "my_data_said": (
        "Die Datei enthält alles, was der Marktplatz über Sie gespeichert hat: Benutzer, Anmeldungen, "
        "Protokolleinträge und jede Abgabe mit Quittung."
    ),
    "export": "Meine Daten herunterladen",
    "erase": "Meine Daten löschen\u00a0…",
    "erase_said": (
        "Name, Passwort, Schlüssel, Anmeldungen und Vollmachten werden sofort und endgültig gelöscht. Was"
        " Sie abgegeben haben, bleibt unter einem Pseudonym: Geschäfte binden auch die andere Seite, und "
        "ohne sie wäre das Protokoll nicht prüfbar."
    ),
    "erase_confirm": "Schreiben Sie zur Bestätigung {user}",
    "erase_now": "Endgültig löschen",
    "desk": "Der Marktplatz im Betrieb",
    "unsafe_first": "Was Aufmerksamkeit braucht",
    "unsafe_desk": (
        "Das Netz verletzt schon ohne Geschäfte Grenzen: Sehen Sie in den Bericht und veröffentlichen Sie"
        " Betriebsgrenzen."
    ),
    "failed_desk": (
        "Nichts wurde veröffentlicht. Sehen Sie nach, warum, und versuchen Sie es erneut ohne das, was "
        "die Berechnung aufhält."
    ),
    "nothing_unsafe": "Nichts: Keine Sitzung ist gescheitert, kein Fahrplan ist unsicher.",
    "no_markets": "Es gibt noch keinen Markt.",
    "time_line": "Sitzungen im Zeitverlauf",
    "sessions_alternative": (
        "Sitzungen als Balken vom Öffnen der Annahme bis zum Annahmeschluss; die Tabelle darunter enthält"
        " dasselbe"
    ),
    "submissions": "Abgaben",
    "submissions_minute": "Abgaben je Minute",
    "minutes_caption": "Die letzten 30 Minuten, UTC.",
    "minutes_alternative": "Balken der Abgaben in jeder der letzten 30 Minuten, zusammen {total}",
    "jobs": "Berechnungen",
    "jobs_caption": "Berechnungen der zuletzt geschlossenen Sitzungen",
    "no_jobs": "Bisher wurde nichts berechnet.",
    "claims": "Versuche",
    "workers": "Rechenprozesse",
    "no_workers": "Keiner hat sich gemeldet.",
    "seen_ago": "zuletzt gemeldet vor {time}",
    "failed_heading": "Warum sie scheiterte",
    "failed_said": (
        "Berechnen Sie sie erneut, mit einem Grund fürs Protokoll. Was Sie ausschließen, wird nicht "
        "berücksichtigt."
    ),
    "exclude": "Ausschließen",
    "retry": "Erneut berechnen",
    "whole_session": "Die ganze Sitzung",
    "sealed_at": "Versiegelt am",
    "previous": "Beruht auf",
    "report": "Bericht",
    "files": "Dateien:",
    "cancel_session": "Sitzung absagen\u00a0…",
    "cancel_now": "Ja, absagen",
    "all_users": "Alle Benutzer",
    "can_log_in": "kann sich anmelden",
    "cannot_log_in": "noch kein Passwort",
    "invite": "Einladen",
    "invited": "Die Einladung",
    "invited_said": (
        "Schicken Sie sie dem Benutzer und sonst niemandem. Sie gilt einmal, 72 Stunden lang, und wird "
        "nicht noch einmal gezeigt."
    ),
    "new_user": "Neuer Benutzer, neuer Name oder neue Rolle",
    "user_hint": "Kleinbuchstaben a–z, Ziffern, Punkt, Bindestrich, Unterstrich.",
    "retailer_hint": "Nur bei Benutzern mit der Rolle Versorger.",
    "new_mandate": "Eine neue Vollmacht",
    "moment_hint": "Mit Zeitzone, wie 2030-06-21T00:00:00+02:00",
    "envelopes_heading": "Betriebsgrenzen",
    "envelopes_published": "Veröffentlichte Zeilen: {rows}",
    "envelopes_file": "operating_envelopes.csv, wie sie gridpact envelope schreibt",
    "publish": "Veröffentlichen",
    "new_session": "Eine neue Sitzung",
    "log_said": (
        "Jeder Eintrag ist durch seinen Hash mit dem vorigen verkettet: Keiner lässt sich unbemerkt "
        "ändern. Wer gehandelt hat, steht unter einem Pseudonym."
    ),
    "log_caption": "Einträge des Protokolls",
    "actor": "Wer",
    "chain": "Kette",
    "seals_said": (
        "Ein Siegel ist die signierte Zusage des Marktplatzes über alles, was in einer Sitzung gezählt hat."
    ),
    "seals_caption": "Siegel der zuletzt geschlossenen Sitzungen",
    "no_seals": "Noch ist keine Sitzung versiegelt.",
    "root": "Wurzel",
    "verify": "Prüfen und neu berechnen",
    "verify_all": "Das ganze Protokoll prüfen",
    "verified_good": "Alles stimmt.",
    "verified_bad": "Es stimmt nicht.",
    "done_handed_in": "Abgegeben. Die Quittung steht unten.",
    "done_proposed": "Vorgeschlagen. Die andere Seite kann es jetzt bestätigen.",
    "done_withdrawn": "Zurückgezogen.",
    "done_confirmed": "Bestätigt: Das Geschäft bindet beide Seiten.",
    "done_rejected": "Abgelehnt.",
    "done_forecast": "Die Prognose ist eingegangen.",
    "done_logged_out": "Sie sind abgemeldet.",
    "done_password_set": "Das Passwort ist gesetzt. Andere Anmeldungen sind beendet.",
    "done_revoked": "Beendet. Er wird von jetzt an abgewiesen.",
    "done_signing_key": "Der Marktplatz kennt jetzt Ihren neuen Schlüssel.",
    "done_mandate": "Die Vollmacht ist erteilt.",
    "done_mandate_ended": "Die Vollmacht ist beendet.",
    "done_erased": "Ihre Daten sind gelöscht.",
    "done_saved": "Gespeichert.",
    "done_published": "Veröffentlicht.",
    "done_retried": "Sie wird erneut berechnet.",
    "done_cancelled": "Abgesagt.",
    "field_user": "Benutzer",
    "field_name": "Name",
    "field_password": "Passwort",
    "field_old_password": "Das bisherige Passwort",
    "field_new_password": "Das neue Passwort",
    "field_again": "Noch einmal dasselbe",
    "field_key": "Name des Schlüssels",
    "field_retailer": "Liest für den Versorger",
    "field_until": "Bis (darf leer sein)",
    "field_start": "Von",
    "field_end": "Bis",
    "field_power_kw": "Leistung, kW",
    "field_price": "Preis, {currency} je kWh",
    "field_price_per_kwh": "Preis je kWh",
    "field_counterparty": "Anschluss der anderen Seite",
    "field_seller": "Verkäufer",
    "field_buyer": "Käufer",
    "field_load_kw": "Verbrauch, kW",
    "field_generation_kw": "Erzeugung, kW",
    "field_reason": "Grund",
    "field_delivery_start": "Lieferung beginnt am",
    "field_periods": "Zahl der Zeiträume",
    "field_gate_opens": "Annahme öffnet am",
    "field_gate_closes": "Annahmeschluss am",
    "field_jws_signature": "Signatur",
    "field_participant": "Anschluss",
    "refused_not_found": "Das gibt es nicht, oder es gehört nicht Ihnen.",
    "refused_not_found_remedy": "Gehen Sie zur ersten Seite zurück und folgen Sie dort einem Link.",
    "refused_right_missing": "Das dürfen Sie nicht.",
    "refused_right_missing_remedy": (
        "Wenden Sie sich an die Person, von der Sie die Vollmacht haben, oder an den Betreiber des "
        "Marktplatzes."
    ),
    "refused_invalid": "So kann das nicht angenommen werden. Nichts wurde gespeichert.",
    "refused_name_taken": "Dieser Name ist schon vergeben.",
    "refused_name_taken_remedy": "Wählen Sie einen anderen Namen.",
    "refused_gate_closed": "Die Annahme ist geschlossen. Dies zählt nicht mehr.",
    "refused_gate_closed_remedy": "Geben Sie es in einer späteren Sitzung ab.",
    "refused_gate_not_open": "Die Annahme ist noch nicht geöffnet.",
    "refused_gate_not_open_remedy": "Kommen Sie wieder, wenn sie öffnet.",
    "refused_wrong_state": "Der Stand hat sich geändert: Das geht jetzt nicht mehr.",
    "refused_wrong_state_remedy": "Laden Sie die Seite neu, um den jetzigen Stand zu sehen.",
    "refused_not_let_in": "Sie konnten nicht angemeldet werden.",
    "refused_not_let_in_remedy": (
        "Prüfen Sie Namen und Passwort, oder bitten Sie den Betreiber um eine neue Einladung."
    ),
    "refused_too_many_tries": "Zu viele Versuche.",
    "refused_too_many_tries_remedy": "Warten Sie ein wenig und versuchen Sie es dann erneut.",
    "refused_too_many": "Zu viele Anfragen.",
    "refused_too_many_remedy": "Warten Sie eine Sekunde und laden Sie die Seite neu.",
    "refused_foreign_form": (
        "Dieses Formular gehört zu keiner Seite, die Sie gerade geöffnet haben. Es wurde nichts geändert."
    ),
    "refused_foreign_form_remedy": "Laden Sie die Seite neu und senden Sie es von dort.",
    "refused_not_stored": "Es konnte nicht gespeichert werden und zählt nicht.",
    "refused_not_stored_remedy": (
        "Versuchen Sie es gleich noch einmal. Was schon gespeichert ist, wird nie doppelt gezählt."
    ),
    "refused_verification_long": "Die Prüfung dauert länger, als eine Seite warten kann.",
    "refused_verification_long_remedy": "Führen Sie gridpact gate verify auf dem Rechner des Betreibers aus.",
    "refused_too_large": "Das ist zu groß.",
    "refused_not_json": "Es kam nicht vollständig an.",
    "refused_not_json_remedy": "Laden Sie die Seite neu und senden Sie es von dort.",
    "said_is not a number": "ist keine Zahl",
    "said_is missing": "fehlt",
    "said_is too short": "ist zu kurz",
    "said_is too long": "ist zu lang",
    "said_is another": "stimmt nicht überein",
    "said_write the same twice": "schreiben Sie zweimal dasselbe",
    "said_repeats a few characters": "wiederholt wenige Zeichen",
    "said_is nearly the name of the user": "ist fast der Name des Benutzers",
    "said_write 12 to 200 characters; several words do well": (
        "schreiben Sie 12 bis 200 Zeichen; mehrere Wörter eignen sich gut"
    ),
    "said_is not your name": "ist nicht Ihr Name",
    "said_is not a user": "ist kein Benutzer",
    "said_is not after start": "liegt nicht nach dem Beginn",
    "said_is not a participant of this market": "ist kein Anschluss dieses Marktes",
    "said_write a number above 0": "schreiben Sie eine Zahl über 0",
    "said_No user has this name and this password.": "Kein Benutzer hat diesen Namen und dieses Passwort.",
    "said_write it without quotes, as in 1.5": "schreiben Sie eine Zahl in Ziffern, wie 1,5",
    "said_is negative": "liegt unter 0",
    "said_power has no sign here: give it as 0 or more": "schreiben Sie 0 oder mehr",
    "said_is not above 0": "liegt nicht über 0",
    "said_write the power, or hand nothing in": "schreiben Sie die Leistung, oder geben Sie nichts ab",
    "said_is more than {a} kW": "ist mehr als {a} kW",
    "said_no low-voltage connection carries this; is the value in W?": (
        "das trägt kein Anschluss; sind Watt gemeint?"
    ),
    "said_has more than {a} decimals": "hat mehr als {a} Nachkommastellen",
    "said_round it": "runden Sie",
    "said_is not after the start of the window": "liegt nicht nach dem Beginn",
    "said_the end itself is not part of it": "wählen Sie ein späteres Ende",
    "said_is more than the connection carries": "ist mehr, als der Anschluss trägt",
    "said_write at most {a}": "schreiben Sie höchstens {a}",
    "said_is outside the prices of the market": "liegt außerhalb der Preise dieses Marktes",
    "said_write {a} to {b}": "schreiben Sie {a} bis {b}",
    "said_is not in the market's participants": "ist kein Anschluss dieses Marktes",
    "said_add it to the market's participants": "fragen Sie die andere Seite nach ihrem Namen",
    "said_is the seller too": "ist Ihr eigener Anschluss",
    "said_name two participants": "nennen Sie den Anschluss der anderen Seite",
    "said_give the participant that buys": "nennen Sie den Anschluss, der kauft",
    "said_give the participant that sells": "nennen Sie den Anschluss, der verkauft",
    "said_is not a list of {a} values": "hat nicht {a} Werte",
    "said_give one of each period": "geben Sie je Zeitraum einen an oder einen einzigen für alle",
    "said_would have more than {a} orders and trades in the session": (
        "hätte mehr als {a} Gebote und Geschäfte in der Sitzung"
    ),
    "said_withdraw some": "ziehen Sie welche zurück",
    "said_withdraw some, or hand in fewer": "ziehen Sie welche zurück, oder geben Sie weniger ab",
    "said_ask whom you mean for the name that it logs in by": (
        "fragen Sie, mit welchem Namen sich die Person anmeldet"
    ),
    "said_is not a time with an offset": "ist keine Zeit mit Zeitzone",
    "said_is not a name": "ist kein Name",
    "said_write text of {a} to {b} characters, none of them a control character": (
        "schreiben Sie {a} bis {b} Zeichen"
    ),
    "said_write 1 to 64 of the characters a-z, 0-9, point, hyphen and underscore": (
        "schreiben Sie 1 bis 64 der Zeichen a–z, 0–9, Punkt, Bindestrich und Unterstrich"
    ),
    "field_side": "Verkaufen oder kaufen",
    "field_session": "Sitzung",
    "field_rights": "Rechte",
    "field_roles": "Rollen",
    "field_order": "Name des Gebots",
    "field_trade": "Name des Geschäfts",
}
